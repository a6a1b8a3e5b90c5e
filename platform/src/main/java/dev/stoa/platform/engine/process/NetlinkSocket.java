package dev.stoa.platform.engine.process;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A socket to the kernel's packet filter (AF_NETLINK, NETLINK_NETFILTER), see netlink(7). The JDK has no such sockets, so
 * these are calls of the C library.
 */
final class NetlinkSocket implements AutoCloseable {
    private static final int AF_NETLINK = 16;
    private static final int SOCK_RAW = 3;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int NETLINK_NETFILTER = 12;
    private static final int SOL_SOCKET = 1;
    private static final int SO_RCVTIMEO = 20;
    private static final long RECEIVE_SECONDS_MAX = 5;
    private static final int RECEIVE_BYTES = 64 * 1024;

    private static final int NLMSG_ERROR = 2;
    private static final int HEADER_BYTES = 16;

    private static final StructLayout CAPTURE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = CAPTURE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment state = arena.allocate(CAPTURE);
    private final int descriptor;

    NetlinkSocket() throws IOException {
        try {
            descriptor = (int) call("socket", FunctionDescriptor.of(INT, INT, INT, INT))
                    .invokeExact(state, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
            check(descriptor, "socket");
            MemorySegment timeout = arena.allocate(LONG, 2);
            timeout.setAtIndex(LONG, 0, RECEIVE_SECONDS_MAX);
            int set = (int) call("setsockopt", FunctionDescriptor.of(INT, INT, INT, INT, ValueLayout.ADDRESS, INT))
                    .invokeExact(state, descriptor, SOL_SOCKET, SO_RCVTIMEO, timeout, (int) timeout.byteSize());
            check(set, "setsockopt");
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    /**
     * Sends messages as one datagram, and returns when each that asked for it is acknowledged.
     *
     * @param acknowledged how many of the messages asked
     * @throws IOException with the kernel's error number, if it refuses one
     */
    void exchange(byte[] messages, int acknowledged) throws IOException {
        try {
            MemorySegment out = arena.allocateFrom(ValueLayout.JAVA_BYTE, messages);
            long sent = (long) call("send", FunctionDescriptor.of(LONG, INT, ValueLayout.ADDRESS, LONG, INT))
                    .invokeExact(state, descriptor, out, out.byteSize(), 0);
            check(sent, "send");
            MemorySegment in = arena.allocate(RECEIVE_BYTES);
            MethodHandle receive = call("recv", FunctionDescriptor.of(LONG, INT, ValueLayout.ADDRESS, LONG, INT));
            for (int left = acknowledged; left > 0; ) {
                long received = (long) receive.invokeExact(state, descriptor, in, in.byteSize(), 0);
                check(received, "recv");
                left -= acknowledgements(in.asSlice(0, received).asByteBuffer().order(ByteOrder.nativeOrder()));
            }
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    private static int acknowledgements(ByteBuffer in) throws IOException {
        int count = 0;
        for (int at = 0; at + HEADER_BYTES <= in.limit(); ) {
            if (in.getShort(at + 4) == NLMSG_ERROR) {
                int error = -in.getInt(at + HEADER_BYTES);
                if (error != 0) {
                    throw new IOException("the kernel's packet filter refused a rule: error " + error);
                }
                count++;
            }
            at += (in.getInt(at) + 3) & ~3;
        }
        return count;
    }

    private void check(long result, String call) throws IOException {
        if (result < 0) {
            throw new IOException(call + " on a netlink socket failed: error " + (int) ERRNO.get(state, 0L));
        }
    }

    /** The launcher and the tests allow native access; without it the JVM refuses, and instances share the network. */
    @SuppressWarnings("restricted")
    private static MethodHandle call(String name, FunctionDescriptor form) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(name), form, Linker.Option.captureCallState("errno"));
    }

    @Override
    public void close() throws IOException {
        try {
            check((int) call("close", FunctionDescriptor.of(INT, INT)).invokeExact(state, descriptor), "close");
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        } finally {
            arena.close();
        }
    }
}
