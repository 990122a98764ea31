/* Generated from nn4mc/hil/protocol.py by `python -m nn4mc.hil.protocol_header`: do not edit. */
#ifndef HIL_PROTOCOL_H
#define HIL_PROTOCOL_H

#define HIL_VERSION 2u
#define HIL_MAX_PAYLOAD 240u
#define HIL_REPLY 0x80u /* set in the type of every reply */
#define HIL_MIN_PERIOD_US 500u
#define HIL_MAX_PERIOD_US 1000000u

enum hil_type {
    HIL_TYPE_HELLO = 0x01,
    HIL_TYPE_RESET = 0x02,
    HIL_TYPE_STEP = 0x03,
    HIL_TYPE_RUN = 0x04,
    HIL_TYPE_STATS = 0x05,
    HIL_TYPE_VARS = 0x06,
    HIL_TYPE_SET = 0x07,
    HIL_TYPE_LOG = 0x08,
    HIL_TYPE_BENCH = 0x09,
    HIL_TYPE_TIMING = 0x0a,
    HIL_TYPE_ERROR = 0x7f,
};

enum hil_error_code {
    HIL_ERROR_VERSION = 1,
    HIL_ERROR_TYPE = 2,
    HIL_ERROR_LENGTH = 3,
    HIL_ERROR_RANGE = 4,
    HIL_ERROR_STALE = 5,
    HIL_ERROR_SELFTEST = 6,
    HIL_ERROR_BUSY = 7,
};

enum hil_mode {
    HIL_MODE_TRACKING = 0,
    HIL_MODE_HOLDING = 1,
    HIL_MODE_SAFE = 2,
};

enum hil_cycle_source {
    HIL_CYCLES_NONE = 0,
    HIL_CYCLES_DWT = 1,
};

enum hil_reset_cause {
    HIL_RESET_CAUSE_UNKNOWN = 0,
    HIL_RESET_CAUSE_POWER_ON = 1,
    HIL_RESET_CAUSE_PIN = 2,
    HIL_RESET_CAUSE_SOFTWARE = 3,
    HIL_RESET_CAUSE_WATCHDOG = 4,
    HIL_RESET_CAUSE_BROWN_OUT = 5,
};

enum hil_log_level {
    HIL_LOG_INFO = 0,
    HIL_LOG_WARNING = 1,
    HIL_LOG_ERROR = 2,
};

/* Bytes of a payload; HEAD where floats or text follow, to the end of the payload. */
#define HIL_HELLO_REQUEST_SIZE 0u
#define HIL_HELLO_REPLY_SIZE 78u
#define HIL_HELLO_BUILD_ID_SIZE 16u
#define HIL_HELLO_MODEL_ID_SIZE 16u
#define HIL_HELLO_CONTROLLER_SIZE 16u
#define HIL_HELLO_BOARD_SIZE 16u
#define HIL_RESET_REQUEST_SIZE 0u
#define HIL_RESET_REPLY_SIZE 1u
#define HIL_STEP_REQUEST_HEAD 4u
#define HIL_STEP_REPLY_HEAD 6u
#define HIL_RUN_REQUEST_SIZE 4u
#define HIL_RUN_REPLY_HEAD 16u
#define HIL_STATS_REQUEST_SIZE 0u
#define HIL_STATS_REPLY_SIZE 53u
#define HIL_VARS_REQUEST_SIZE 1u
#define HIL_VARS_REPLY_HEAD 21u
#define HIL_VARS_UNIT_SIZE 8u
#define HIL_SET_REQUEST_SIZE 5u
#define HIL_SET_REPLY_SIZE 5u
#define HIL_LOG_REQUEST_SIZE 0u
#define HIL_LOG_REPLY_HEAD 6u
#define HIL_BENCH_REQUEST_SIZE 1u
#define HIL_BENCH_REPLY_HEAD 18u
#define HIL_TIMING_REQUEST_SIZE 0u
#define HIL_TIMING_REPLY_SIZE 36u
#define HIL_ERROR_REQUEST_SIZE 0u
#define HIL_ERROR_REPLY_HEAD 2u

#endif
