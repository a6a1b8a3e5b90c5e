package dev.stoa.platform.router;

/** What the router does with an app's requests and answers on its own. */
public record EdgePolicy() {
    public static final EdgePolicy NONE = new EdgePolicy();
}
