package dev.stoa.staticserver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Serves the folder that is its last argument on the port in {@code PORT}, until SIGTERM. With {@code --single-page} an
 * unknown path is answered with index.html; with {@code --check} it only says which lines of _redirects and _headers mean
 * nothing.
 */
public final class Main {
    private static final String SINGLE_PAGE = "--single-page";
    private static final String CHECK = "--check";

    private Main() {}

    public static void main(String[] args) throws IOException {
        String option = args.length == 2 ? args[0] : "";
        if (args.length == 0
                || args.length > 2
                || !List.of("", SINGLE_PAGE, CHECK).contains(option)) {
            fail("usage: PORT=8000 java -jar static-server.jar [--single-page | --check] FOLDER");
        }
        Path root = Path.of(args[args.length - 1]);
        if (!Files.isDirectory(root)) {
            fail("cannot serve " + root.toAbsolutePath() + ": it is not a folder");
        }
        if (option.equals(CHECK)) {
            Rules.read(root).warnings().forEach(System.out::println);
            return;
        }
        StaticServer server = StaticServer.start(root, port(), option.equals(SINGLE_PAGE));
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
