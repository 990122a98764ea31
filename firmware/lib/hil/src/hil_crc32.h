/* CRC-32 as zlib's: reflected polynomial 0xEDB88320, start and final xor 0xFFFFFFFF. */
#ifndef HIL_CRC32_H
#define HIL_CRC32_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

uint32_t hil_crc32(const uint8_t *bytes, size_t length);

#ifdef __cplusplus
}
#endif

#endif
