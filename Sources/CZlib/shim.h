// zlib, for the target Gzip: the control plane's binary links it anyway, and a `gzip` program need not be there.
#pragma once
#include <zlib.h>
