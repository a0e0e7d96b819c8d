/* What one connection can cost at least: recv into one buffer, write from it. limit PORT PATH OUT */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char buffer[1 << 20];

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  int s = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(s, (void *)&a, sizeof a)) return 1;
  dprintf(s, "GET %s HTTP/1.1\r\nHost: limit\r\nConnection: close\r\n\r\n", argv[2]);
  int out = open(argv[3], O_CREAT | O_TRUNC | O_WRONLY, 0644);
  ssize_t n = recv(s, buffer, 4096, MSG_PEEK);
  char *end = n > 0 ? memmem(buffer, n, "\r\n\r\n", 4) : 0;
  if (!end) return 1;
  recv(s, buffer, end + 4 - buffer, 0);
  while ((n = recv(s, buffer, sizeof buffer, 0)) > 0)
    for (ssize_t done = 0; done < n;) {
      ssize_t w = write(out, buffer + done, n - done);
      if (w < 0) return 1;
      done += w;
    }
  return n < 0;
}
