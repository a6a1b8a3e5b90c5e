package dev.stoa.platform.router;

/**
 * What the router does with an app's requests and answers on its own.
 *
 * @param httpsOnly whether requests over plain HTTP are sent to the same address by HTTPS
 * @param hsts      the value of the header Strict-Transport-Security, on answers over HTTPS; empty: none
 */
public record EdgePolicy(boolean httpsOnly, String hsts) {
    public static final EdgePolicy NONE = new EdgePolicy(false, "");
}
