package dev.stoa.platform.engine.process;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.stoa.api.TerminalSize;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A pseudo-terminal of Linux, seen from its master side: what is written here is typed there. Its programs get SIGHUP when
 * it is closed.
 */
final class Pty implements AutoCloseable {
    private static final long TIOCSWINSZ = 0x5414;
    private static final long TIOCGPTN = 0x8004_5430L;
    private static final long TIOCSPTLCK = 0x4004_5431;
    private static final long TCGETS = 0x5401;
    private static final long TCSETS = 0x5402;

    /** The kernel's struct termios has 36 bytes; the first four are the input flags. */
    private static final int TERMIOS_BYTES = 36;

    /** So that the deletion of a character of several bytes deletes all of them. */
    private static final int IUTF8 = 0x4000;

    /** After so long it is looked whether the terminal was closed on this side. */
    private static final int LOOK_EVERY_MILLIS = 250;

    private final int master;
    private final Path device;
    /** Held for reading by each call to the system, as a descriptor that is closed may be another's at once. */
    private final ReadWriteLock open = new ReentrantReadWriteLock();

    private volatile boolean closed;
    private boolean released;

    private Pty(int master, Path device) {
        this.master = master;
        this.device = device;
    }

    static Pty open(TerminalSize size) throws IOException {
        int master = Libc.open("/dev/ptmx", Libc.O_RDWR | Libc.O_NOCTTY | Libc.O_NONBLOCK | Libc.O_CLOEXEC);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment number = arena.allocate(JAVA_INT);
            Libc.ioctl(master, TIOCSPTLCK, number);
            Libc.ioctl(master, TIOCGPTN, number);
            MemorySegment termios = arena.allocate(TERMIOS_BYTES, 4);
            Libc.ioctl(master, TCGETS, termios);
            termios.set(JAVA_INT, 0, termios.get(JAVA_INT, 0) | IUTF8);
            Libc.ioctl(master, TCSETS, termios);
            Pty pty = new Pty(master, Path.of("/dev/pts/" + number.get(JAVA_INT, 0)));
            pty.resize(size);
            return pty;
        } catch (IOException | RuntimeException e) {
            Libc.close(master);
            throw e;
        }
    }

    /** What its programs open. */
    Path device() {
        return device;
    }

    /** Programs in front get SIGWINCH. */
    void resize(TerminalSize size) throws IOException {
        open.readLock().lock();
        try (Arena arena = Arena.ofConfined()) {
            if (!closed) {
                MemorySegment window = arena.allocate(JAVA_SHORT, 4);
                window.setAtIndex(JAVA_SHORT, 0, (short) size.rows());
                window.setAtIndex(JAVA_SHORT, 1, (short) size.columns());
                Libc.ioctl(master, TIOCSWINSZ, window);
            }
        } finally {
            open.readLock().unlock();
        }
    }

    /** What its programs show; ends when the last of them is gone. */
    InputStream output() {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                while (true) {
                    int read = attempt(Libc.POLLIN, () -> Libc.read(master, bytes, offset, length));
                    if (read > 0) {
                        return read;
                    }
                    // Linux answers EIO when no program has the terminal open any more.
                    if (read != -Libc.EAGAIN && read != -Libc.EINTR) {
                        return -1;
                    }
                }
            }
        };
    }

    /** What its programs read, as if it were typed. */
    OutputStream input() {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                int done = 0;
                while (done < length) {
                    int from = offset + done;
                    int left = length - done;
                    int written = attempt(Libc.POLLOUT, () -> Libc.write(master, bytes, from, left));
                    boolean tryAgain = written == -Libc.EAGAIN || written == -Libc.EINTR;
                    if (closed || (written < 0 && !tryAgain)) {
                        throw new IOException("the terminal has no program any more");
                    }
                    done += Math.max(0, written);
                }
            }
        };
    }

    @FunctionalInterface
    private interface Transfer {
        int run() throws IOException;
    }

    /** Tries, and waits a while where that would block; 0 once it is closed. */
    private int attempt(short events, Transfer transfer) throws IOException {
        open.readLock().lock();
        try {
            if (closed) {
                return 0;
            }
            int result = transfer.run();
            if (result == -Libc.EAGAIN) {
                Libc.poll(master, events, LOOK_EVERY_MILLIS);
            }
            return result;
        } finally {
            open.readLock().unlock();
        }
    }

    @Override
    public void close() {
        closed = true;
        open.writeLock().lock();
        try {
            if (!released) {
                released = true;
                Libc.close(master);
            }
        } finally {
            open.writeLock().unlock();
        }
    }
}
