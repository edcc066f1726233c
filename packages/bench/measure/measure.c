// Runs a program and says what it used: measure COMMAND… prints one JSON line on descriptor 3 when it has ended, and
// ends with its exit code. getrusage(2) is exact where /proc has steps of 10 ms and nothing after the end.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static double seconds(struct timeval time) {
  return time.tv_sec + time.tv_usec / 1e6;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: %s COMMAND...\n", argv[0]);
    return 2;
  }
  pid_t child = fork();
  if (child < 0) {
    perror("fork");
    return 1;
  }
  if (child == 0) {
    close(3);
    execvp(argv[1], argv + 1);
    perror(argv[1]);
    _exit(127);
  }
  int status;
  struct rusage usage;
  if (waitpid(child, &status, 0) < 0 || getrusage(RUSAGE_CHILDREN, &usage) < 0) {
    perror("wait");
    return 1;
  }
  dprintf(3, "{\"cpuSeconds\":%.6f,\"peakMemory\":%ld}\n", seconds(usage.ru_utime) + seconds(usage.ru_stime),
          usage.ru_maxrss * 1024);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
