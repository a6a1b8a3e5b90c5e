package dev.stoa.e2e;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ThreadLocalRandom;

/** Speaks over a WebSocket, and awaits every echo. To be told that the other side goes away (1001) is no failure. */
record WebSocketVisitor(Crowd crowd, Tally tally) {
    private static final int FINAL = 0x80;
    private static final int TEXT = 1;
    private static final int CLOSE = 8;
    private static final int GOING_AWAY = 1001;

    /** Of one socket: until its other side goes away, or the crowd goes. */
    void visit(InputStream in, OutputStream out) throws IOException {
        while (!crowd.over()) {
            String said = "message " + ThreadLocalRandom.current().nextInt(1 << 20);
            byte[] payload = said.getBytes(StandardCharsets.US_ASCII);
            try {
                send(out, TEXT, payload);
            } catch (IOException e) {
                // What the other side said before it went may still be there to be read.
                if (read(in, new byte[0])) {
                    return;
                }
                throw e;
            }
            if (read(in, payload)) {
                send(out, CLOSE, new byte[] {(byte) (GOING_AWAY >> 8), (byte) GOING_AWAY});
                return;
            }
            Crowd.pause();
        }
        send(out, CLOSE, new byte[] {(byte) (1000 >> 8), (byte) 1000});
    }

    private static void send(OutputStream out, int kind, byte[] payload) throws IOException {
        byte[] mask = new byte[4];
        ThreadLocalRandom.current().nextBytes(mask);
        byte[] frame = new byte[6 + payload.length];
        frame[0] = (byte) (FINAL | kind);
        frame[1] = (byte) (0x80 | payload.length);
        System.arraycopy(mask, 0, frame, 2, mask.length);
        for (int i = 0; i < payload.length; i++) {
            frame[6 + i] = (byte) (payload[i] ^ mask[i % 4]);
        }
        out.write(frame);
    }

    /** Whether the other side goes away, instead of saying what is expected. */
    private boolean read(InputStream in, byte[] expected) throws IOException {
        int first = in.read();
        if (first < 0) {
            throw new EOFException("the WebSocket ended without a close frame");
        }
        byte[] payload = in.readNBytes(in.read());
        if (first == (FINAL | CLOSE)) {
            int code = payload.length < 2 ? 0 : ((payload[0] & 0xff) << 8) | (payload[1] & 0xff);
            if (code != GOING_AWAY) {
                throw new IOException("the WebSocket was closed with " + code);
            }
            tally.toldToGo();
            return true;
        }
        if (first != (FINAL | TEXT) || !java.util.Arrays.equals(payload, expected)) {
            throw new IOException("not an echo");
        }
        tally.answered();
        return false;
    }
}
