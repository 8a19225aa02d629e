"""What is said between a worker and a decoder's process, over two pipes.

request   size (8 bytes), most pixels (8), grant in bytes (8), CPU seconds (4); then the file
answer    one letter, size (4 bytes), then its body:
          F for each kind of hash that the process was started with its length (1) and the hash, then a fingerprint
          D the features of a picture, or relations as JSON: of a describer's process
          E outcome, 0, message    M nothing: it wants a larger grant    R nothing: ready
"""

import struct
from typing import Final

REQUEST: Final = struct.Struct("<QQQI")
ANSWER: Final = struct.Struct("<cI")
FINGERPRINT: Final = b"F"
DESCRIBED: Final = b"D"
ERROR: Final = b"E"
MORE_MEMORY: Final = b"M"
READY: Final = b"R"
SMALL_GRANT_BYTES: Final = 192 * 1024 * 1024
"""What any picture is granted at first; a worker has one larger grant, which a large picture asks for."""
MAX_ANSWER_BYTES: Final = 128 * 1024
"""The features of a picture are 91 kB at most, 128 of a drawing."""
PART: Final = struct.Struct("<I")
"""Before each of the features that a describer is to compare: their size. Such a request allows no pixels."""
