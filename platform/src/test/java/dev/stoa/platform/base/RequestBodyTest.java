package dev.stoa.platform.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RequestBodyTest {
    private static final Duration MAX = Duration.ofMillis(50);

    @Test
    void aClientThatNeitherSendsNorGoesIsCutOff() throws Exception {
        try (ServerSocket door = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Socket client = new Socket(door.getInetAddress(), door.getLocalPort());
                Socket server = door.accept()) {
            client.getOutputStream().write(1);
            InputStream in = server.getInputStream();
            RequestBody body = new RequestBody(() -> in, false, MAX);
            Thread reader = Threads.start("reader", body::discard);
            reader.join();
            assertThat(server.isClosed()).isTrue();
        }
    }

    @Test
    void whatWasNotAskedForIsNotRead() throws Exception {
        ByteArrayInputStream sent = new ByteArrayInputStream(new byte[10]);
        new RequestBody(() -> sent, true, MAX).discard();
        assertThat(sent.available()).isEqualTo(10);
        RequestBody begun = new RequestBody(() -> sent, true, MAX);
        int _ = begun.read();
        begun.discard();
        assertThat(sent.available()).isZero();
    }
}
