package dev.stoa.platform.engine.process;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A socket to the kernel's packet filter (AF_NETLINK, NETLINK_NETFILTER), see netlink(7); the JDK has no such sockets. */
final class NetlinkSocket implements AutoCloseable {
    private static final int AF_NETLINK = 16;
    private static final int SOCK_RAW = 3;
    private static final int NETLINK_NETFILTER = 12;
    private static final int SOL_SOCKET = 1;
    private static final int SO_RCVTIMEO = 20;
    private static final int SO_SNDBUFFORCE = 32;
    private static final int SEND_BYTES_MAX = 4 << 20;
    private static final long RECEIVE_SECONDS_MAX = 5;
    private static final int RECEIVE_BYTES = 64 * 1024;

    private static final int NLMSG_ERROR = 2;
    private static final int HEADER_BYTES = 16;

    private final int descriptor;

    /** The kernel has refused a message. */
    static final class Refused extends IOException {
        private static final long serialVersionUID = 1;

        private final int errno;

        private Refused(int errno) {
            super("the kernel's packet filter refused a rule: error " + errno);
            this.errno = errno;
        }

        int errno() {
            return errno;
        }
    }

    NetlinkSocket() throws IOException {
        descriptor = Libc.socket(AF_NETLINK, SOCK_RAW | Libc.O_CLOEXEC, NETLINK_NETFILTER);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment timeout = arena.allocate(JAVA_LONG, 2);
            timeout.setAtIndex(JAVA_LONG, 0, RECEIVE_SECONDS_MAX);
            Libc.setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, timeout);
            Libc.setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, arena.allocateFrom(JAVA_INT, SEND_BYTES_MAX));
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /**
     * Sends messages as one datagram, and returns when each that asked for it is acknowledged.
     *
     * @param acknowledged how many of the messages asked
     * @throws Refused if the kernel refuses one
     */
    void exchange(byte[] messages, int acknowledged) throws IOException {
        int sent = Libc.write(descriptor, messages, 0, messages.length);
        if (sent < 0) {
            throw failed("write", sent);
        }
        byte[] in = new byte[RECEIVE_BYTES];
        for (int left = acknowledged; left > 0; ) {
            int received = Libc.read(descriptor, in, 0, in.length);
            if (received < 0) {
                throw failed("read", received);
            }
            left -= acknowledgements(ByteBuffer.wrap(in, 0, received).order(ByteOrder.nativeOrder()));
        }
    }

    private static IOException failed(String call, int answer) {
        return new IOException("%s on a netlink socket failed with errno %d".formatted(call, -answer));
    }

    private static int acknowledgements(ByteBuffer in) throws IOException {
        int count = 0;
        for (int at = 0; at + HEADER_BYTES <= in.limit(); ) {
            if (in.getShort(at + 4) == NLMSG_ERROR) {
                int error = -in.getInt(at + HEADER_BYTES);
                if (error != 0) {
                    throw new Refused(error);
                }
                count++;
            }
            at += (in.getInt(at) + 3) & ~3;
        }
        return count;
    }

    @Override
    public void close() {
        Libc.close(descriptor);
    }
}
