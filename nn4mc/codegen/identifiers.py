"""Names of models, layers and tensors as C identifiers: the one place where that is done."""

import hashlib
import re

_MAX_LENGTH = 48
_KEYWORDS = frozenset(
    """
    auto break case char const continue default do double else enum extern float for goto if inline int long register
    restrict return short signed sizeof static struct switch typedef union unsigned void volatile while alignas alignof
    and and_eq asm bitand bitor bool catch class compl concept consteval constexpr constinit const_cast co_await
    co_return co_yield decltype delete dynamic_cast explicit export false friend mutable namespace new noexcept not
    not_eq nullptr operator or or_eq private protected public reinterpret_cast requires static_assert static_cast
    template this thread_local throw true try typeid typename using virtual wchar_t xor xor_eq main typeof linux unix
    """.split()
)
_HEADERS = frozenset(
    """
    assert complex controller ctype errno features fenv float inttypes iso646 limits locale math setjmp signal stdarg
    stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string strings tgmath threads time trace uchar wchar wctype
    """.split()
)
_STANDARD = re.compile(
    r"\w*_t|offsetof|u?int(_least|_fast)?\d+|u?intptr|u?intmax|size|ptrdiff|max_align|wint"
    r"|NULL|EOF|(U?INT|FLT|DBL|LDBL|SIZE|PTRDIFF|WCHAR|WINT|SIG|DECIMAL)(\d*_[0-9A-Z_]*|\d+|MAX_[A-Z]+|PTR_[A-Z]+)"
)
"""What the headers that generated code includes may define; a network X also defines the type X_t."""
_RUNTIME_PREFIX = "nn4mc"


def _is_taken(plain: str) -> bool:
    return plain in _KEYWORDS or plain in _HEADERS or _STANDARD.fullmatch(plain) is not None


def c_identifier(text: str) -> str:
    """Return a C and C++ identifier for any text; what had to be changed gets a short hash, so that names stay apart.

    >>> c_identifier("gru_1")
    'gru_1'
    >>> c_identifier("while")
    'while_07a8'
    >>> c_identifier("*/ arm/dense:0")
    'arm_dense_0_1dd5'
    """
    plain = re.sub(r"[^0-9A-Za-z]+", "_", text).strip("_")[:_MAX_LENGTH]
    if not plain or plain[0].isdigit():
        plain = f"n{plain}"
    if plain.lower().startswith(_RUNTIME_PREFIX):
        plain = f"n_{plain}"
    if plain == text and not _is_taken(plain):
        return plain
    return f"{plain}_{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:4]}"


def comment_text(text: str) -> str:
    """Return text that is safe in a C comment and a JSON string: printable ASCII on one line, at most 80 letters.

    No comment marks, no trigraphs, no backslash, no double quote.


    >>> comment_text("a*/b")
    'a* /b'
    """
    plain = "".join(c if " " <= c <= "~" else "?" for c in text[:80]).replace("\\", "/").replace('"', "'")
    return re.sub(r"(?<=\*)(?=/)|(?<=/)(?=\*)|(?<=\?)(?=\?)", " ", plain)
