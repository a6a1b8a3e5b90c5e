package dev.stoa.platform.engine.process;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The few functions of the C library that Java has no way to. The numbers are Linux's, the same on x86-64 and ARM64.
 *
 * <p>A negative answer is an error, with its errno as {@code -errno}, as the kernel itself gives it.
 */
@SuppressWarnings("restricted")
final class Libc {
    static final int EINTR = 4;
    static final int EAGAIN = 11;

    static final int O_RDONLY = 0;
    static final int O_RDWR = 2;
    static final int O_NOCTTY = 0x100;
    static final int O_NONBLOCK = 0x800;
    static final int O_CLOEXEC = 0x80000;

    static final short POLLIN = 1;
    static final short POLLOUT = 4;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout ERRNO_LAYOUT = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = ERRNO_LAYOUT.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");

    private static final MethodHandle OPEN = handle(
            "open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT), CAPTURE, Linker.Option.firstVariadicArg(2));
    private static final MethodHandle MKFIFO =
            handle("mkfifo", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT), CAPTURE);
    private static final MethodHandle CLOSE = handle("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT), CAPTURE);
    private static final MethodHandle READ =
            handle("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG), CAPTURE);
    private static final MethodHandle WRITE =
            handle("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG), CAPTURE);
    private static final MethodHandle POLL =
            handle("poll", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT), CAPTURE);
    private static final MethodHandle IOCTL = handle(
            "ioctl",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS),
            CAPTURE,
            Linker.Option.firstVariadicArg(2));

    private static final MethodHandle SOCKET =
            handle("socket", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT), CAPTURE);
    private static final MethodHandle SETSOCKOPT = handle(
            "setsockopt", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT), CAPTURE);

    private Libc() {}

    private static MethodHandle handle(String name, FunctionDescriptor type, Linker.Option... options) {
        return LINKER.downcallHandle(
                LINKER.defaultLookup().find(name).orElseThrow(() -> new UnsupportedOperationException(name)),
                type,
                options);
    }

    static int open(String path, int flags) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(ERRNO_LAYOUT);
            int result = (int) OPEN.invokeExact(state, arena.allocateFrom(path), flags);
            return (int) checked("open " + path, state, result);
        } catch (Throwable e) {
            throw unforeseen(e);
        }
    }

    static void mkfifo(String path, int mode) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(ERRNO_LAYOUT);
            int result = (int) MKFIFO.invokeExact(state, arena.allocateFrom(path), mode);
            checked("mkfifo " + path, state, result);
        } catch (Throwable e) {
            throw unforeseen(e);
        }
    }

    static void close(int descriptor) {
        try (Arena arena = Arena.ofConfined()) {
            int _ = (int) CLOSE.invokeExact(arena.allocate(ERRNO_LAYOUT), descriptor);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** @return how many bytes were read; 0 at the end; negative for an error */
    static int read(int descriptor, byte[] into, int offset, int length) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(ERRNO_LAYOUT);
            MemorySegment buffer = arena.allocate(length);
            long result = (long) READ.invokeExact(state, descriptor, buffer, (long) length);
            if (result < 0) {
                return -(int) ERRNO.get(state, 0L);
            }
            MemorySegment.copy(buffer, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, into, offset, (int) result);
            return (int) result;
        } catch (Throwable e) {
            throw unforeseen(e);
        }
    }

    /** @return how many bytes were written; negative for an error */
    static int write(int descriptor, byte[] from, int offset, int length) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(ERRNO_LAYOUT);
            MemorySegment buffer = arena.allocate(length);
            MemorySegment.copy(from, offset, buffer, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, length);
            long result = (long) WRITE.invokeExact(state, descriptor, buffer, (long) length);
            return result < 0 ? -(int) ERRNO.get(state, 0L) : (int) result;
        } catch (Throwable e) {
            throw unforeseen(e);
        }
    }

    /** Waits until the descriptor can be read or written, as asked, or the time is over. */
    static void poll(int descriptor, short events, int millis) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment polled = arena.allocate(8, 4);
            polled.set(JAVA_INT, 0, descriptor);
            polled.set(java.lang.foreign.ValueLayout.JAVA_SHORT, 4, events);
            int _ = (int) POLL.invokeExact(arena.allocate(ERRNO_LAYOUT), polled, 1L, millis);
        } catch (Throwable e) {
            throw unforeseen(e);
        }
    }

    static int ioctl(int descriptor, long request, MemorySegment argument) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(ERRNO_LAYOUT);
            int result = (int) IOCTL.invokeExact(state, descriptor, request, argument);
            return (int) checked("ioctl 0x" + Long.toHexString(request), state, result);
        } catch (Throwable e) {
            throw unforeseen(e);
        }
    }

    static int socket(int domain, int type, int protocol) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(ERRNO_LAYOUT);
            int result = (int) SOCKET.invokeExact(state, domain, type, protocol);
            return (int) checked("socket", state, result);
        } catch (Throwable e) {
            throw unforeseen(e);
        }
    }

    static void setsockopt(int descriptor, int level, int option, MemorySegment value) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(ERRNO_LAYOUT);
            int result = (int) SETSOCKOPT.invokeExact(state, descriptor, level, option, value, (int) value.byteSize());
            checked("setsockopt", state, result);
        } catch (Throwable e) {
            throw unforeseen(e);
        }
    }

    private static long checked(String what, MemorySegment state, long result) throws IOException {
        if (result < 0) {
            throw new IOException(what + " failed with errno " + (int) ERRNO.get(state, 0L));
        }
        return result;
    }

    private static IOException unforeseen(Throwable e) throws IOException {
        if (e instanceof IOException known) {
            throw known;
        }
        throw new IllegalStateException(e);
    }
}
