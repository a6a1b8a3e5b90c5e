package dev.stoa.platform.router;

import java.util.Locale;
import java.util.Optional;

/** The host of a Host header, as route tables name it: lower case, without a port and without a trailing dot. */
final class HostName {
    /** RFC 1035. */
    private static final int LENGTH_MAX = 253;

    private HostName() {}

    /** Empty for what no client that means well sends. */
    static Optional<String> parse(String authority) {
        int hostEnd = hostEnd(authority);
        if (hostEnd < 0 || !isPort(authority, hostEnd)) {
            return Optional.empty();
        }
        int end = hostEnd > 1 && authority.charAt(hostEnd - 1) == '.' ? hostEnd - 1 : hostEnd;
        String host = authority.substring(0, end).toLowerCase(Locale.ROOT);
        return isHost(host) ? Optional.of(host) : Optional.empty();
    }

    private static int hostEnd(String authority) {
        if (authority.startsWith("[")) {
            return authority.indexOf(']') + 1;
        }
        int colon = authority.indexOf(':');
        return colon < 0 ? authority.length() : colon;
    }

    private static boolean isPort(String authority, int from) {
        if (from == authority.length()) {
            return true;
        }
        if (authority.charAt(from) != ':' || authority.length() - from > 6) {
            return false;
        }
        for (int i = from + 1; i < authority.length(); i++) {
            if (!isDigit(authority.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isHost(String host) {
        if (host.isEmpty() || host.length() > LENGTH_MAX || host.equals("[]") || host.charAt(0) == '.') {
            return false;
        }
        boolean literal = host.charAt(0) == '[';
        for (int i = literal ? 1 : 0; i < (literal ? host.length() - 1 : host.length()); i++) {
            char c = host.charAt(i);
            boolean plain = isDigit(c) || (c >= 'a' && c <= 'z') || c == '.' || c == '-' || c == '_';
            if (!(literal ? isDigit(c) || (c >= 'a' && c <= 'f') || c == ':' || c == '.' : plain)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
