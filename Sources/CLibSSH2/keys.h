// The few libcrypto calls of the transport: reading a private key, signing with it, digests.
// libssh2 would parse the key anew for every session; here it is parsed once and signs through a call-back.
#pragma once
#include <stdint.h>
#include <string.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

enum muster_key_kind { MUSTER_KEY_OTHER, MUSTER_KEY_RSA, MUSTER_KEY_ED25519, MUSTER_KEY_P256, MUSTER_KEY_P384, MUSTER_KEY_P521 };

static int muster_no_passphrase(char *buffer, int size, int writing, void *wanted) {
    (void)buffer; (void)size; (void)writing;
    *(int *)wanted = 1;
    return -1;
}

static inline EVP_PKEY *muster_key_from_pem(const uint8_t *bytes, int count, int *wants_passphrase) {
    BIO *bio = BIO_new_mem_buf(bytes, count);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, muster_no_passphrase, wants_passphrase) : NULL;
    BIO_free(bio);
    ERR_clear_error();
    return key;
}

static inline EVP_PKEY *muster_key_from_seed(const uint8_t *seed) {
    return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
}

static inline EVP_PKEY *muster_key_from_scalar(const char *group, const uint8_t *scalar, size_t scalar_count,
                                               const uint8_t *point, size_t point_count) {
    EVP_PKEY *key = NULL;
    BIGNUM *number = BN_secure_new();
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (number && build && context && BN_bin2bn(scalar, (int)scalar_count, number) &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, point_count) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number) &&
        (params = OSSL_PARAM_BLD_to_param(build)) && EVP_PKEY_fromdata_init(context) == 1) {
        if (EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, params) != 1) key = NULL;
    }
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(context);
    BN_clear_free(number);
    ERR_clear_error();
    return key;
}

static inline enum muster_key_kind muster_key_kind(const EVP_PKEY *key) {
    char group[64];
    size_t count = 0;
    if (EVP_PKEY_is_a(key, "ED25519")) return MUSTER_KEY_ED25519;
    if (EVP_PKEY_is_a(key, "RSA")) return MUSTER_KEY_RSA;
    if (!EVP_PKEY_is_a(key, "EC") || !EVP_PKEY_get_group_name(key, group, sizeof group, &count)) return MUSTER_KEY_OTHER;
    if (!strcmp(group, "prime256v1")) return MUSTER_KEY_P256;
    if (!strcmp(group, "secp384r1")) return MUSTER_KEY_P384;
    if (!strcmp(group, "secp521r1")) return MUSTER_KEY_P521;
    return MUSTER_KEY_OTHER;
}

// The bare public key: 32 bytes, or the uncompressed point. Returns its length, 0 when it cannot be had.
static inline size_t muster_key_public(const EVP_PKEY *key, uint8_t *out, size_t capacity) {
    size_t count = capacity;
    if (EVP_PKEY_is_a(key, "ED25519")) return EVP_PKEY_get_raw_public_key(key, out, &count) == 1 ? count : 0;
    return EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, out, capacity, &count) == 1 ? count : 0;
}

// The signature as SSH carries it (RFC 8709: 64 bytes; RFC 5656: two mpints). Returns its length, 0 on failure.
static inline size_t muster_key_sign(EVP_PKEY *key, const uint8_t *data, size_t data_count, uint8_t *out, size_t capacity) {
    enum muster_key_kind kind = muster_key_kind(key);
    const EVP_MD *digest = kind == MUSTER_KEY_P256 ? EVP_sha256() : kind == MUSTER_KEY_P384 ? EVP_sha384()
                         : kind == MUSTER_KEY_P521 ? EVP_sha512() : NULL;
    uint8_t raw[256];
    size_t raw_count = sizeof raw, count = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context && EVP_DigestSignInit(context, NULL, digest, NULL, key) == 1 &&
        EVP_DigestSign(context, raw, &raw_count, data, data_count) == 1) {
        if (kind == MUSTER_KEY_ED25519) {
            if (raw_count <= capacity) { memcpy(out, raw, raw_count); count = raw_count; }
        } else {
            const unsigned char *cursor = raw;
            const BIGNUM *r, *s;
            ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &cursor, (long)raw_count);
            if (pair) {
                ECDSA_SIG_get0(pair, &r, &s);
                size_t first = (size_t)BN_bn2mpi(r, NULL), second = (size_t)BN_bn2mpi(s, NULL);
                if (first + second <= capacity) {
                    BN_bn2mpi(r, out);
                    BN_bn2mpi(s, out + first);
                    count = first + second;
                }
                ECDSA_SIG_free(pair);
            }
        }
    }
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return count;
}

static inline void muster_sha256(const void *bytes, size_t count, uint8_t out[32]) {
    EVP_Digest(bytes, count, out, NULL, EVP_sha256(), NULL);
}

static inline void muster_hmac_sha1(const uint8_t *key, size_t key_count, const uint8_t *bytes, size_t count, uint8_t out[20]) {
    unsigned int length = 20;
    HMAC(EVP_sha1(), key, (int)key_count, bytes, count, out, &length);
}

static inline EVP_MD_CTX *muster_sha256_begin(void) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context) EVP_DigestInit_ex(context, EVP_sha256(), NULL);
    return context;
}

static inline void muster_sha256_add(EVP_MD_CTX *context, const void *bytes, size_t count) {
    EVP_DigestUpdate(context, bytes, count);
}

static inline void muster_sha256_end(EVP_MD_CTX *context, uint8_t out[32]) {
    EVP_DigestFinal_ex(context, out, NULL);
    EVP_MD_CTX_free(context);
}
