"""Every operator names all the C files its kernels need, since only those travel with a network."""

import re

import pytest

from nn4mc.codegen.runtime import runtime_folder
from nn4mc.ops import OPERATORS

ALWAYS = {"nn4mc_bits", "nn4mc_status", "nn4mc_config", "nn4mc_m4f", "nn4mc_mac", "nn4mc_copy"}


@pytest.mark.parametrize("name", OPERATORS)
def test_includes_stay_within_the_named_files(name: str):
    stems = {*OPERATORS[name].runtime, *ALWAYS}
    folder = runtime_folder()
    missing = [stem for stem in stems if not list(folder.glob(f"{stem}.[ch]"))]
    assert missing == []
    for stem in sorted(stems):
        for path in folder.glob(f"{stem}.[ch]"):
            included = set(re.findall(r'#include "(\w+)\.h"', path.read_text()))
            assert included <= stems, f"{path.name} of {name}"
