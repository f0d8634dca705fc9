#ifdef __linux__
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#endif

/** A small packet does not wait for acknowledgements, and a peer that acknowledges nothing for 30 s loses its connection. */
void TcpConnectionHandle::SetSocketOptions() const
{
#ifdef __linux__
	uv_os_fd_t fd;

	if (uv_fileno(reinterpret_cast<uv_handle_t*>(this->uvHandle), &fd) != 0)
	{
		return;
	}

	const int noDelay{ 1 };
	const unsigned int unackedMs{ 30000 };

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &noDelay, sizeof(noDelay));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unackedMs, sizeof(unackedMs));
#endif
}

/** What waits in libuv and in the kernel (SIOCOUTQNSD: not sent once yet). */
size_t TcpConnectionHandle::GetUnsentBytes() const
{
	size_t unsentBytes = uv_stream_get_write_queue_size(reinterpret_cast<uv_stream_t*>(this->uvHandle));

#ifdef __linux__
	uv_os_fd_t fd;
	int notSent{ 0 };

	if (
	  uv_fileno(reinterpret_cast<uv_handle_t*>(this->uvHandle), &fd) == 0 &&
	  ioctl(fd, SIOCOUTQNSD, &notSent) == 0)
	{
		unsentBytes += static_cast<size_t>(notSent);
	}
#endif

	return unsentBytes;
}
