package dev.stoa.api;

import java.util.Arrays;
import java.util.Optional;

/** What the web process of an app speaks with the router. */
public enum AppProtocol {
    HTTP_1_1("http/1.1"),
    /** HTTP/2 without encryption, from the first byte on, as gRPC servers speak it. */
    H2C("h2c");

    private final String word;

    AppProtocol(String word) {
        this.word = word;
    }

    /** As the manifest has it. */
    public String word() {
        return word;
    }

    static Optional<AppProtocol> of(String word) {
        return Arrays.stream(values())
                .filter(protocol -> protocol.word.equals(word))
                .findFirst();
    }
}
