/* Makes the n-th sync of a process fail with EIO, as a dying disk does.
 *
 * SYNC_FAILS_AT=n names it, counted over fsync and fdatasync. What had not been synced before is cut off the file:
 * after a failed sync the kernel may forget such pages, and a second sync would succeed without them. The moment
 * (CLOCK_MONOTONIC, seconds) is written to the file SYNC_FAILED_FILE.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MOST_FILES 4096

static long calls;
static long fails_at = -1;
static off_t synced_bytes[MOST_FILES];

static void note_moment(void) {
    const char *path = getenv("SYNC_FAILED_FILE");
    struct timespec now;
    char text[64];
    if (path == NULL) return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int length = snprintf(text, sizeof text, "%ld.%09ld\n", (long)now.tv_sec, now.tv_nsec);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (file < 0) return;
    if (write(file, text, (size_t)length) < 0) { /* the rig notices that the file is empty */ }
    close(file);
}

static int synced(int file, const char *name) {
    int (*honest)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    struct stat found;
    int is_regular = fstat(file, &found) == 0 && S_ISREG(found.st_mode) && file < MOST_FILES;
    if (fails_at < 0) {
        const char *text = getenv("SYNC_FAILS_AT");
        fails_at = text == NULL ? 0 : atol(text);
    }
    if (fails_at > 0 && __sync_add_and_fetch(&calls, 1) == fails_at) {
        if (is_regular && ftruncate(file, synced_bytes[file]) < 0) { /* then nothing is lost, and the rig is kinder */ }
        note_moment();
        errno = EIO;
        return -1;
    }
    int result = honest(file);
    if (result == 0 && is_regular) synced_bytes[file] = found.st_size;
    return result;
}

int fsync(int file) { return synced(file, "fsync"); }
int fdatasync(int file) { return synced(file, "fdatasync"); }
