package hello;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** Answers every request with a greeting. */
public final class Main {
    private static final String VERSION = "1";

    private Main() {}

    public static void main(String[] args) throws IOException {
        int port = Integer.parseInt(System.getenv().getOrDefault("PORT", "8000"));
        byte[] hello = ("Hello from Stoa\nhello-java, version " + VERSION + "\n").getBytes(StandardCharsets.UTF_8);
        HttpServer server = HttpServer.create(new InetSocketAddress(port), 0);
        server.createContext("/", exchange -> {
            try (exchange) {
                exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
                exchange.sendResponseHeaders(200, hello.length);
                exchange.getResponseBody().write(hello);
            }
        });
        server.start();
        System.out.println("hello-java listens on port " + port);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            System.out.println("hello-java got SIGTERM and ends");
            server.stop(1);
        }));
    }
}
