package dev.stoa.platform.router;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** What exchanges need to know of HTTPS: the port, and what to tell an authority that looks whether a host is ours. */
final class Https {
    private static final int DEFAULT_PLAIN_PORT = 80;
    private static final int DEFAULT_PORT = 443;

    /** RFC 8555, 8.3. */
    private static final String CHALLENGES = "/.well-known/acme-challenge/";

    private final Map<String, String> answers = new ConcurrentHashMap<>();
    private volatile int port;
    private volatile int plainPort;
    private volatile int publicPort;

    void port(int port) {
        this.port = port;
    }

    /** 0: there is none. */
    int port() {
        return port;
    }

    /** The port of plain HTTP, as this machine sees it. */
    void plainPort(int port) {
        plainPort = port;
    }

    /** The port by which clients reach this one; 0: see {@link #url}. */
    void publicPort(int port) {
        publicPort = port;
    }

    /**
     * The same address by https. Where nobody said by which port clients come: one that names no port, though this is not
     * 80, came by a forwarded one, and so 443 is forwarded, too.
     *
     * @param authority the host, with its port, as the client named it
     */
    String url(String host, String authority, String target) {
        int known = publicPort;
        boolean forwarded = plainPort != DEFAULT_PLAIN_PORT && authority.lastIndexOf(':') <= authority.lastIndexOf(']');
        int seen = known != 0 ? known : forwarded ? DEFAULT_PORT : port;
        return "https://" + host + (seen == DEFAULT_PORT ? "" : ":" + seen) + (target.startsWith("/") ? target : "/");
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
