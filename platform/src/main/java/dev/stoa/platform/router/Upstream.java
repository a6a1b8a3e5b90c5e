package dev.stoa.platform.router;

import java.net.InetSocketAddress;

/** An instance that takes traffic. */
public record Upstream(String instance, InetSocketAddress address) {}
