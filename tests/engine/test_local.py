"""What the engine asks of the machine."""

import ctypes
import subprocess
import sys

import pytest

MAPPED = """
import ctypes
import torch
from zoo.engine.local import keep_memory

class Info(ctypes.Structure):  # mallinfo2(3)
    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in names.split()]

mallinfo = ctypes.CDLL(None).mallinfo2
mallinfo.restype = Info
tensors = []
for keep in (lambda: None, keep_memory):
    keep()
    before = mallinfo().hblks
    tensors.append(torch.empty(2**22))
    print(mallinfo().hblks - before)
"""


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="the C library is not glibc"
)
def test_large_tensors_come_out_of_memory_that_is_kept() -> None:
    ran = subprocess.run([sys.executable, "-c", MAPPED], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["1", "0"], "one piece from the kernel before, none after"
