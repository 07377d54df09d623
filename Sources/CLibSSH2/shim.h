// What libssh2 needs from C and Swift cannot say: the two socket call-backs and the epoll constants.
// The call-backs decide that libssh2 never sees a full socket: what the kernel does not take waits in `out`, so no
// packet is ever half sent inside the library (it would demand the very same call again, across all channels).
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <libssh2.h>

// Edge-triggered once for all: a session is always driven until it would block, so no epoll_ctl follows the first.
static const uint32_t muster_epoll_all = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
static const uint32_t muster_epoll_in = EPOLLIN;
static const uint32_t muster_epoll_gone = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
static const int32_t muster_epoll_cloexec = EPOLL_CLOEXEC;
static const int32_t muster_eventfd_flags = EFD_CLOEXEC | EFD_NONBLOCK;
static const int32_t muster_eai_system = EAI_SYSTEM;

struct muster_socket {
    int fd;
    int ended;          // 0 while open; -1 after the peer's FIN; an errno after an error
    int abandoned;      // set before the session is freed: every read then fails, so that nothing waits
    int dry;            // the kernel had no more; cleared by the next edge, saves a recv for each stream of each channel
    int gone;           // the peer has hung up: read on to the very end, no other edge will tell of it
    uint64_t received;  // bytes, for counters and to see whether another channel may have got a packet
    uint64_t sent;
    uint8_t *out;       // accepted from libssh2, not yet taken by the kernel
    size_t out_start, out_end, out_capacity;
    size_t in_start, in_end;
    uint8_t *inbox;     // not NULL: no socket but a channel of a bastion's session fills this and empties `out`
    size_t inbox_start, inbox_end, inbox_capacity;
    uint8_t in[1024];   // libssh2 reads the peer's banner byte by byte: one recv instead of forty
};

static inline size_t muster_socket_pending(const struct muster_socket *s) { return s->out_end - s->out_start; }

static inline void muster_socket_flush(struct muster_socket *s) {
    if (s->inbox) return;  // the channel that carries it takes what it can
    while (s->out_start < s->out_end && !s->ended) {
        ssize_t n = send(s->fd, s->out + s->out_start, s->out_end - s->out_start, MSG_NOSIGNAL);
        if (n > 0) { s->out_start += n; s->sent += n; continue; }
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
        s->ended = n < 0 ? errno : EPIPE;
    }
    s->out_start = s->out_end = 0;
}

static inline int muster_socket_keep(struct muster_socket *s, const void *bytes, size_t count) {
    if (s->out_start && s->out_end + count > s->out_capacity) {
        memmove(s->out, s->out + s->out_start, s->out_end - s->out_start);
        s->out_end -= s->out_start;
        s->out_start = 0;
    }
    if (s->out_end + count > s->out_capacity) {
        size_t capacity = s->out_capacity ? s->out_capacity : 2048;
        while (capacity < s->out_end + count) capacity *= 2;
        uint8_t *grown = (uint8_t *)realloc(s->out, capacity);
        if (!grown) return -1;
        s->out = grown;
        s->out_capacity = capacity;
    }
    memcpy(s->out + s->out_end, bytes, count);
    s->out_end += count;
    return 0;
}

// Takes everything. Small packets wait for the flush at the end of the step and leave in one system call.
static ssize_t muster_socket_send(int fd, const void *buffer, size_t length, int flags, void **abstract) {
    struct muster_socket *s = (struct muster_socket *)*abstract;
    (void)fd; (void)flags;
    if (s->ended || s->abandoned) return (ssize_t)length;
    if (length >= 4096 && muster_socket_pending(s) == 0 && !s->inbox) {  // bulk goes straight to the kernel, without a copy
        ssize_t n = send(s->fd, buffer, length, MSG_NOSIGNAL);
        if (n > 0) s->sent += n;
        if (n == (ssize_t)length) return n;
        if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
            s->ended = errno;
            return (ssize_t)length;
        }
        size_t taken = n > 0 ? (size_t)n : 0;
        return muster_socket_keep(s, (const uint8_t *)buffer + taken, length - taken) ? -ENOMEM : (ssize_t)length;
    }
    if (muster_socket_keep(s, (const uint8_t *)buffer, length)) return -ENOMEM;
    if (muster_socket_pending(s) >= 16384) muster_socket_flush(s);
    return (ssize_t)length;
}

// What a channel of a bastion's session has brought for this one. The channel's window bounds how much that can be.
static inline int muster_inbox_put(struct muster_socket *s, const void *bytes, size_t count) {
    if (s->inbox_start) {
        memmove(s->inbox, s->inbox + s->inbox_start, s->inbox_end - s->inbox_start);
        s->inbox_end -= s->inbox_start;
        s->inbox_start = 0;
    }
    if (s->inbox_end + count > s->inbox_capacity) {
        size_t capacity = s->inbox_capacity;
        while (capacity < s->inbox_end + count) capacity *= 2;
        uint8_t *grown = (uint8_t *)realloc(s->inbox, capacity);
        if (!grown) return -1;
        s->inbox = grown;
        s->inbox_capacity = capacity;
    }
    memcpy(s->inbox + s->inbox_end, bytes, count);
    s->inbox_end += count;
    return 0;
}

static inline ssize_t muster_inbox_take(struct muster_socket *s, uint8_t *buffer, size_t length) {
    size_t count = s->inbox_end - s->inbox_start;
    if (count == 0) return -EAGAIN;
    if (count > length) count = length;
    memcpy(buffer, s->inbox + s->inbox_start, count);
    s->inbox_start += count;
    s->received += count;
    return (ssize_t)count;
}

// The channel has taken so much of `out`.
static inline void muster_socket_taken(struct muster_socket *s, size_t count) {
    s->out_start += count;
    s->sent += count;
    if (s->out_start == s->out_end) s->out_start = s->out_end = 0;
}

// The end of the stream is told to the event loop by `ended`, and to libssh2 as "nothing yet": it would otherwise throw
// away packets that it has already read.
static ssize_t muster_socket_receive(int fd, void *buffer, size_t length, int flags, void **abstract) {
    struct muster_socket *s = (struct muster_socket *)*abstract;
    (void)fd; (void)flags;
    if (s->abandoned) return -ECONNRESET;
    if (s->inbox) return muster_inbox_take(s, (uint8_t *)buffer, length);
    if (s->in_start == s->in_end) {
        if (s->ended || s->dry) return -EAGAIN;
        void *target = length < sizeof s->in ? s->in : buffer;
        size_t wanted = length < sizeof s->in ? sizeof s->in : length;
        ssize_t n;
        do n = recv(s->fd, target, wanted, 0); while (n < 0 && errno == EINTR);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) { s->dry = 1; return -EAGAIN; }
        if (n <= 0) { s->ended = n < 0 ? errno : -1; return -EAGAIN; }
        if ((size_t)n < wanted && !s->gone) s->dry = 1;  // epoll(7): a short read has emptied the buffer, news make an edge
        s->received += n;
        if (target == buffer) return n;
        s->in_start = 0;
        s->in_end = n;
    }
    size_t count = s->in_end - s->in_start;
    if (count > length) count = length;
    memcpy(buffer, s->in + s->in_start, count);
    s->in_start += count;
    return (ssize_t)count;
}

static inline struct muster_socket *muster_socket_new(int fd) {
    struct muster_socket *s = (struct muster_socket *)calloc(1, sizeof *s);
    if (s) s->fd = fd;
    return s;
}

// A session's bytes that travel in a channel of another session.
static inline struct muster_socket *muster_socket_carried(void) {
    struct muster_socket *s = muster_socket_new(-1);
    if (s && !(s->inbox = (uint8_t *)malloc(s->inbox_capacity = 2048))) { free(s); return NULL; }
    return s;
}

static inline void muster_socket_free(struct muster_socket *s) {
    if (s) free(s->out);
    if (s) free(s->inbox);
    free(s);
}

static inline LIBSSH2_SESSION *muster_session_new(struct muster_socket *s) {
    LIBSSH2_SESSION *session = libssh2_session_init_ex(NULL, NULL, NULL, s);
    if (!session) return NULL;
    libssh2_session_callback_set(session, LIBSSH2_CALLBACK_SEND, (void *)muster_socket_send);
    libssh2_session_callback_set(session, LIBSSH2_CALLBACK_RECV, (void *)muster_socket_receive);
    libssh2_session_set_blocking(session, 0);
    return session;
}

static inline int muster_channel_exec(LIBSSH2_CHANNEL *channel, const char *command, unsigned int length) {
    return libssh2_channel_process_startup(channel, "exec", 4, command, length);
}

static inline LIBSSH2_CHANNEL *muster_channel_open(LIBSSH2_SESSION *session) {
    return libssh2_channel_open_ex(session, "session", 7, LIBSSH2_CHANNEL_WINDOW_DEFAULT,
                                   LIBSSH2_CHANNEL_PACKET_DEFAULT, NULL, 0);
}

// The originator's address is a courtesy for the bastion's log.
static inline LIBSSH2_CHANNEL *muster_tunnel_open(LIBSSH2_SESSION *session, const char *host, int port) {
    return libssh2_channel_direct_tcpip_ex(session, host, port, "127.0.0.1", 0);
}

// The kernel's own measure, of the answer to the first packet: no busy process on either side is in it. 0: not known.
static inline uint32_t muster_round_trip_microseconds(int fd) {
    struct tcp_info info;
    socklen_t size = sizeof info;
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) ? 0 : info.tcpi_rtt;
}

// accept4(2) would want _GNU_SOURCE, with which this module's declarations differ from those of Swift's Glibc.
static inline int muster_accept(int listener) {
    int fd = accept(listener, NULL, NULL);
    if (fd >= 0) {
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        fcntl(fd, F_SETFL, O_NONBLOCK);
    }
    return fd;
}

// Any free port, which it tells; nobody but this machine reaches it.
static inline int muster_listen_on_loopback(int fd, int backlog, uint16_t *port) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&address, size) || listen(fd, backlog) ||
        getsockname(fd, (struct sockaddr *)&address, &size)) return -1;
    *port = ntohs(address.sin_port);
    return 0;
}

// The soft limit is for programs that use select(2); we do not, and a thousand sessions want a thousand (F48).
static inline void muster_raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static inline void muster_name_thread(const char *name) { prctl(PR_SET_NAME, name); }

static inline void muster_wipe(void *bytes, size_t count) { explicit_bzero(bytes, count); }
