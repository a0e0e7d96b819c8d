/* A file server for benches: sendfile, one thread, epoll. server PORT FILE RATE LATENCY_MS
 * Each connection gets RATE bytes per second (0: no limit), in steps of 2 ms, and each answer begins LATENCY_MS late. Ranges, ETag,
 * close after the answer. Prints the body bytes sent in all to stderr on SIGTERM. Not for anything but loopback. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct conn { int fd, headed; char in[8192]; int got; off_t at, end, from; double start, due; char head[512]; int hlen; struct conn *next, *prev; };
static struct conn list;
static volatile sig_atomic_t ending;
static double total;
static void on_term(int s) { (void)s; ending = 1; }
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }
static void drop(struct conn *c) { close(c->fd); c->prev->next = c->next; if (c->next) c->next->prev = c->prev; free(c); }

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  double rate = atof(argv[3]), latency = atof(argv[4]) / 1000;
  int file = open(argv[2], O_RDONLY), one = 1, ls = socket(AF_INET, SOCK_STREAM, 0), ep = epoll_create1(0);
  struct stat st;
  if (file < 0 || fstat(file, &st)) return 1;
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  setsockopt(ls, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(ls, (void *)&a, sizeof a) || listen(ls, 512)) return 1;
  socklen_t len = sizeof a;
  getsockname(ls, (void *)&a, &len);
  printf("{\"port\":%d}\n", ntohs(a.sin_port));
  fflush(stdout);
  signal(SIGPIPE, SIG_IGN);
  struct sigaction sa = {.sa_handler = on_term};
  sigaction(SIGTERM, &sa, 0);
  fcntl(ls, F_SETFL, O_NONBLOCK);
  struct epoll_event ev = {.events = EPOLLIN, .data.ptr = 0}, got[128];
  epoll_ctl(ep, EPOLL_CTL_ADD, ls, &ev);
  while (!ending) {
    int n = epoll_wait(ep, got, 128, list.next ? 2 : 1000);
    for (int i = 0; i < n; i++) {
      struct conn *c = got[i].data.ptr;
      if (!c) {
        int fd;
        while ((fd = accept4(ls, 0, 0, SOCK_NONBLOCK)) >= 0) {
          c = calloc(1, sizeof *c);
          c->fd = fd; c->next = list.next; c->prev = &list;
          if (list.next) list.next->prev = c;
          list.next = c;
          setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
          struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
          epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
        }
      }
    }
    double t = now();
    for (struct conn *c = list.next, *next; c; c = next) {
      next = c->next;
      if (!c->due) {
        int k = recv(c->fd, c->in + c->got, sizeof c->in - 1 - c->got, 0);
        if (k == 0 || (k < 0 && errno != EAGAIN)) { drop(c); continue; }
        if (k > 0) c->got += k;
        if (!strstr(c->in, "\r\n\r\n")) continue;
        long long from = 0, to = -1;
        char *r = strcasestr(c->in, "\r\nrange: bytes=");
        if (r) sscanf(r + 15, "%lld-%lld", &from, &to);
        if (to < 0 || to >= st.st_size) to = st.st_size - 1;
        c->at = c->from = from; c->end = to + 1;
        char range[128] = "";
        if (r) sprintf(range, "Content-Range: bytes %lld-%lld/%lld\r\n", from, to, (long long)st.st_size);
        c->hlen = sprintf(c->head, "HTTP/1.1 %s\r\nContent-Length: %lld\r\nAccept-Ranges: bytes\r\nETag: \"bench\"\r\n%sConnection: close\r\n\r\n", r ? "206 Partial Content" : "200 OK", (long long)(c->end - from), range);
        c->due = t + latency + 1e-9;
        if (!strncmp(c->in, "HEAD", 4)) c->at = c->end;
      }
      if (t < c->due) continue;
      if (!c->headed) { c->headed = 1; c->start = t; if (send(c->fd, c->head, c->hlen, 0) < 0) { drop(c); continue; } }
      off_t most = rate > 0 ? c->from + (off_t)(rate * (t - c->start + 0.002)) : c->end;
      if (most > c->end) most = c->end;
      int dead = 0;
      for (int turn = 0; c->at < most && turn < 2; turn++) {
        off_t chunk = most - c->at > (2 << 20) ? (2 << 20) : most - c->at;
        ssize_t k = sendfile(c->fd, file, &c->at, chunk);
        if (k < 0) { dead = errno != EAGAIN; break; }
        total += k;
      }
      if (dead) { drop(c); continue; }
      if (c->at >= c->end) { shutdown(c->fd, SHUT_WR); drop(c); }
    }
  }
  fprintf(stderr, "{\"sent\":%.0f}\n", total);
  return 0;
}
