package dev.stoa.platform.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HealthCheckTest {
    private HttpServer server;

    @BeforeEach
    void listen() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        answer("/up", 204);
        answer("/moved", 302);
        answer("/broken", 500);
        server.start();
    }

    private void answer(String path, int status) {
        server.createContext(path, exchange -> {
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        });
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void withoutAPathAConnectionIsEnough() {
        assertThat(HealthCheck.passes(server.getAddress(), Optional.empty())).isTrue();
    }

    @Test
    void withAPathOnlyAStatusOf2xxPasses() {
        assertThat(HealthCheck.passes(server.getAddress(), Optional.of("/up"))).isTrue();
        assertThat(HealthCheck.passes(server.getAddress(), Optional.of("/moved")))
                .isFalse();
        assertThat(HealthCheck.passes(server.getAddress(), Optional.of("/broken")))
                .isFalse();
    }

    @Test
    void anAddressWhereNobodyListensDoesNotPass() throws IOException {
        InetSocketAddress address;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            address = (InetSocketAddress) socket.getLocalSocketAddress();
        }
        assertThat(HealthCheck.passes(address, Optional.empty())).isFalse();
    }

    @Test
    void aServerThatAcceptsAndSaysNothingDoesNotPass() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            InetSocketAddress address = (InetSocketAddress) silent.getLocalSocketAddress();
            long begin = System.nanoTime();

            assertThat(HealthCheck.passes(address, Optional.of("/up"))).isFalse();
            assertThat((System.nanoTime() - begin) / 1_000_000).isBetween(4_900L, 7_000L);
        }
    }
}
