# Media over TCP to a slow reader is bounded and dropped instead of queued for ever (include/handles/TcpSendQueue.hpp).
header=include/handles/TcpConnectionHandle.hpp
hook $header '#include "common.hpp"' 's|#include "common.hpp"|&\n#include "handles/TcpSendQueue.hpp"|'
hook $header 'bool SetPeerAddress();' 's|^\tbool SetPeerAddress();|&\n\tvoid SetSocketOptions() const;\n\tsize_t GetUnsentBytes() const;|'
hook $header 'bool hasError{ false };' 's|^\tbool hasError{ false };|&\n\tTcpSendQueue sendQueue;\n\tbool hasDropped{ false };|'

source=src/handles/TcpConnectionHandle.cpp
hook $source '#include <cstring> // std::memcpy()' \
  's|#include <cstring> // std::memcpy()|&\n#include "handles/TcpConnectionSocket.ipp"|'
hook $source '// Get the peer address.' 's|^\t// Get the peer address.|\tSetSocketOptions();\n\n&|'
# A dropped frame counts as sent: the bandwidth estimator has to see it lost, as if a router had dropped it.
hook $source '// First try uv_try_write(). In case it can not directly write all the given' \
  's|^\t// First try uv_try_write(). In case it can not directly write all the given|\tconst uint64_t nowMs = uv_hrtime() / 1000000u;\n\n\tif (this->sendQueue.Refuses(len1 + len2, GetUnsentBytes(), nowMs))\n\t{\n\t\tif (!this->hasDropped)\n\t\t{\n\t\t\tthis->hasDropped = true;\n\n\t\t\tMS_WARN_TAG(ice, "a TCP connection is slower than its media, dropping");\n\t\t}\n\n\t\tif (cb)\n\t\t{\n\t\t\t(*cb)(true);\n\t\t\tdelete cb;\n\t\t}\n\n\t\treturn;\n\t}\n\n&|'
hook $source 'this->sentBytes += written;' 's|^\t\tthis->sentBytes += written;|&\n\t\tthis->sendQueue.Add(totalLen, nowMs);|'
hook $source 'this->sentBytes += pendingLen;' 's|^\t\tthis->sentBytes += pendingLen;|&\n\t\tthis->sendQueue.Add(totalLen, nowMs);|'
