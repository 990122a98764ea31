"""The TensorFlow Lite schema as far as it is read: vtable indices by name, and the names behind enumerations.

Source: tensorflow/lite/schema/schema.fbs, version 3. A field keeps its index for ever, so a newer file reads the same.
"""

from nn4mc.importers.tflite_flatbuffer import Fields

IDENTIFIER = b"TFL3"
VERSION = 3

MODEL: Fields = {"version": 0, "operator_codes": 1, "subgraphs": 2, "buffers": 4}
OPERATOR_CODE: Fields = {"deprecated_builtin_code": 0, "custom_code": 1, "builtin_code": 3}
SUBGRAPH: Fields = {"tensors": 0, "inputs": 1, "outputs": 2, "operators": 3}
TENSOR: Fields = {
    "shape": 0,
    "type": 1,
    "buffer": 2,
    "name": 3,
    "quantization": 4,
    "is_variable": 5,
    "sparsity": 6,
    "shape_signature": 7,
    "external_buffer": 10,
}
QUANTIZATION: Fields = {"scale": 2, "zero_point": 3, "details_type": 4, "quantized_dimension": 6}
BUFFER: Fields = {"data": 0, "offset": 1, "size": 2}
OPERATOR: Fields = {"opcode_index": 0, "inputs": 1, "outputs": 2, "builtin_options": 4}

TENSOR_TYPES = (
    "FLOAT32 FLOAT16 INT32 UINT8 INT64 STRING BOOL INT16 COMPLEX64 INT8 FLOAT64 COMPLEX128 UINT64 RESOURCE VARIANT "
    "UINT32 UINT16 INT4 BFLOAT16 INT2 UINT4"
).split()
NUMPY_TYPES = {
    "FLOAT32": "<f4",
    "FLOAT16": "<f2",
    "INT32": "<i4",
    "UINT8": "u1",
    "INT64": "<i8",
    "BOOL": "?",
    "INT16": "<i2",
    "INT8": "i1",
    "FLOAT64": "<f8",
}
"""The tensor types whose constants can be read."""

ACTIVATIONS = "NONE RELU RELU_N1_TO_1 RELU6 TANH SIGN_BIT".split()
PADDINGS = "SAME VALID".split()
MIRROR_PADS = "REFLECT SYMMETRIC".split()

POOL: Fields = {"padding": 0, "stride_w": 1, "stride_h": 2, "filter_w": 3, "filter_h": 4, "activation": 5}
CONV: Fields = {"padding": 0, "stride_w": 1, "stride_h": 2, "activation": 3, "dilation_w": 4, "dilation_h": 5}
DEPTHWISE: Fields = {
    "padding": 0,
    "stride_w": 1,
    "stride_h": 2,
    "depth_multiplier": 3,
    "activation": 4,
    "dilation_w": 5,
    "dilation_h": 6,
}
OPTIONS: dict[str, Fields] = {
    "FULLY_CONNECTED": {"activation": 0, "weights_format": 1, "keep_num_dims": 2},
    "CONV_2D": CONV,
    "DEPTHWISE_CONV_2D": DEPTHWISE,
    "AVERAGE_POOL_2D": POOL,
    "MAX_POOL_2D": POOL,
    "SOFTMAX": {"beta": 0},
    "CONCATENATION": {"axis": 0, "activation": 1},
    "ADD": {"activation": 0},
    "SUB": {"activation": 0},
    "MUL": {"activation": 0},
    "DIV": {"activation": 0},
    "RESHAPE": {"new_shape": 0},
    "SQUEEZE": {"squeeze_dims": 0},
    "STRIDED_SLICE": {
        "begin_mask": 0,
        "end_mask": 1,
        "ellipsis_mask": 2,
        "new_axis_mask": 3,
        "shrink_axis_mask": 4,
        "offset": 5,
    },
    "SPLIT": {"num_splits": 0},
    "MEAN": {"keep_dims": 0},
    "SUM": {"keep_dims": 0},
    "REDUCE_MAX": {"keep_dims": 0},
    "REDUCE_MIN": {"keep_dims": 0},
    "REDUCE_PROD": {"keep_dims": 0},
    "GATHER": {"axis": 0, "batch_dims": 1},
    "PACK": {"values_count": 0, "axis": 1},
    "UNPACK": {"num": 0, "axis": 1},
    "BATCH_MATMUL": {"adj_x": 0, "adj_y": 1},
    "LEAKY_RELU": {"alpha": 0},
    "MIRROR_PAD": {"mode": 0},
    "GELU": {"approximate": 0},
    "L2_NORMALIZATION": {"activation": 0},
    "UNIDIRECTIONAL_SEQUENCE_LSTM": {
        "activation": 0,
        "cell_clip": 1,
        "proj_clip": 2,
        "time_major": 3,
        "diagonal_recurrent_tensors": 5,
    },
    "UNIDIRECTIONAL_SEQUENCE_RNN": {"time_major": 0, "activation": 1},
}
"""The options of an operator, by the operator's name; those not listed have none that matter."""

BUILTIN_OPERATORS = """
    ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE EMBEDDING_LOOKUP FLOOR
    FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D LOCAL_RESPONSE_NORMALIZATION LOGISTIC
    LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH
    SVDF TANH CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER
    BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE
    BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM
    ARG_MAX MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN TRANSPOSE_CONV SPARSE_TO_DENSE
    TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN FAKE_QUANT REDUCE_PROD REDUCE_MAX PACK
    LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE ZEROS_LIKE FILL
    FLOOR_MOD RANGE RESIZE_NEAREST_NEIGHBOR LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL
    REVERSE_V2 ADD_N GATHER_ND COS WHERE RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND
    HARD_SWISH IF WHILE NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM
    BATCH_MATMUL PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG REAL COMPLEX_ABS
    HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL CONV_3D_TRANSPOSE VAR_HANDLE READ_VARIABLE
    ASSIGN_VARIABLE BROADCAST_ARGS RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM MULTINOMIAL GELU
    DYNAMIC_UPDATE_SLICE RELU_0_TO_1 UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_SUM ATAN2
    UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR RIGHT_SHIFT STABLEHLO_LOGISTIC STABLEHLO_ADD STABLEHLO_DIVIDE
    STABLEHLO_MULTIPLY STABLEHLO_MAXIMUM STABLEHLO_RESHAPE STABLEHLO_CLAMP STABLEHLO_CONCATENATE
    STABLEHLO_BROADCAST_IN_DIM STABLEHLO_CONVOLUTION STABLEHLO_SLICE STABLEHLO_CUSTOM_CALL STABLEHLO_REDUCE
    STABLEHLO_ABS STABLEHLO_AND STABLEHLO_COSINE STABLEHLO_EXPONENTIAL STABLEHLO_FLOOR STABLEHLO_LOG
    STABLEHLO_MINIMUM STABLEHLO_NEGATE STABLEHLO_OR STABLEHLO_POWER STABLEHLO_REMAINDER STABLEHLO_RSQRT
    STABLEHLO_SELECT STABLEHLO_SUBTRACT STABLEHLO_TANH STABLEHLO_SCATTER STABLEHLO_COMPARE STABLEHLO_CONVERT
    STABLEHLO_DYNAMIC_SLICE STABLEHLO_DYNAMIC_UPDATE_SLICE STABLEHLO_PAD STABLEHLO_IOTA STABLEHLO_DOT_GENERAL
    STABLEHLO_REDUCE_WINDOW STABLEHLO_SORT STABLEHLO_WHILE STABLEHLO_GATHER STABLEHLO_TRANSPOSE DILATE
    STABLEHLO_RNG_BIT_GENERATOR REDUCE_WINDOW STABLEHLO_COMPOSITE STABLEHLO_SHIFT_LEFT STABLEHLO_CBRT STABLEHLO_CASE
""".split()
"""The name of each builtin operator, by its number."""
