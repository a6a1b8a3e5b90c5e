package dev.stoa.staticserver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Serves the folder that is its one argument on the port in {@code PORT}, until SIGTERM. */
public final class Main {
    private Main() {}

    public static void main(String[] args) throws IOException {
        if (args.length != 1) {
            fail("usage: PORT=8000 java -jar static-server.jar FOLDER");
        }
        Path root = Path.of(args[0]);
        if (!Files.isDirectory(root)) {
            fail("cannot serve " + root.toAbsolutePath() + ": it is not a folder");
        }
        StaticServer server = StaticServer.start(root, port());
        Runtime.getRuntime().addShutdownHook(new Thread(server::close));
        System.out.println("serving " + root.toRealPath() + " on port " + server.port());
    }

    private static int port() {
        String port = System.getenv().getOrDefault("PORT", "8000");
        try {
            int number = Integer.parseInt(port);
            if (number >= 0 && number <= 65_535) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below, as for a number out of range.
        }
        fail("PORT is \"" + port + "\", which is no port: it must be a number from 0 to 65535");
        return 0;
    }

    private static void fail(String message) {
        System.err.println("error: " + message);
        System.exit(2);
    }
}
