package dev.stoa.platform;

import dev.stoa.api.StoaException;
import java.util.List;

/** Starts the platform in the foreground, {@code stoa up}, or a router of its own, {@code stoa router}. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) throws InterruptedException {
        // Buckets at names below localhost are asked by the loopback address: see SignedRequest.
        System.setProperty("jdk.httpclient.allowRestrictedHeaders", "host");
        List<String> words = List.of(arguments);
        try {
            if (words.equals(List.of("--train"))) {
                Training.run();
            } else if (!words.isEmpty() && words.getFirst().equals("router")) {
                RouterMain.run(words.subList(1, words.size()), System.getenv());
            } else {
                Foreground.run(words, System.getenv());
            }
        } catch (StoaException e) {
            System.err.println("error: " + e.message());
            e.hint().ifPresent(hint -> System.err.println("  " + hint));
            System.exit(e.code().fault() == dev.stoa.api.ErrorCode.Fault.USER ? 2 : 1);
        }
    }
}
