package dev.stoa.api;

/** How the router chooses among an app's instances, from the table {@code [routing]} of the manifest. */
public record RoutingManifest() {
    public static final RoutingManifest DEFAULT = new RoutingManifest();
}
