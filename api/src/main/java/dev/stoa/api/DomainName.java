package dev.stoa.api;

import java.net.IDN;
import java.util.Locale;

/** The name of a host, however people write it. */
public final class DomainName {
    private DomainName() {}

    /**
     * As the DNS, certificates and browsers have it: in lower case, without a dot at the end, and with letters beyond ASCII as Punycode, such
     * as {@code xn--mller-kva.example} for {@code Müller.example}. What cannot be such a name comes back in lower case, to be refused.
     */
    public static String ascii(String name) {
        String plain = name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
        try {
            return IDN.toASCII(plain).toLowerCase(Locale.ROOT);
        } catch (IllegalArgumentException e) {
            return name.toLowerCase(Locale.ROOT);
        }
    }
}
