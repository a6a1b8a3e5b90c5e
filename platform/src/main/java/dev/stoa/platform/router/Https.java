package dev.stoa.platform.router;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** What exchanges need to know of HTTPS: the port, and what to tell an authority that looks whether a host is ours. */
final class Https {
    private static final int DEFAULT_PORT = 443;

    /** RFC 8555, 8.3. */
    private static final String CHALLENGES = "/.well-known/acme-challenge/";

    private final Map<String, String> answers = new ConcurrentHashMap<>();
    private volatile int port;

    void port(int port) {
        this.port = port;
    }

    /** 0: there is none. */
    int port() {
        return port;
    }

    /** The same address by https. */
    String url(String host, String target) {
        return "https://" + host + (port == DEFAULT_PORT ? "" : ":" + port) + (target.startsWith("/") ? target : "/");
    }

    void answer(String token, String answer) {
        answers.put(token, answer);
    }

    void withdraw(String token) {
        answers.remove(token);
    }

    /** What an authority expects at the path; empty: it is one of the app's own. */
    Optional<String> answer(String path) {
        return answers.isEmpty() || !path.startsWith(CHALLENGES)
                ? Optional.empty()
                : Optional.ofNullable(answers.get(path.substring(CHALLENGES.length())));
    }
}
