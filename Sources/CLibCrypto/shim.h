// OpenSSL's digests, for targets that hash much and must not wait for BoringSSL to build: its SHA-256 uses the CPU's
// own instructions (1.7 GB/s measured), so that an image's reference can be computed at every `muster up`.
#pragma once
#include <openssl/evp.h>
