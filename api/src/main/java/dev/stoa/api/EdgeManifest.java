package dev.stoa.api;

/** What the router does with an app's requests and answers on its own, from the table {@code [edge]} of the manifest. */
public record EdgeManifest() {
    public static final EdgeManifest DEFAULT = new EdgeManifest();
}
