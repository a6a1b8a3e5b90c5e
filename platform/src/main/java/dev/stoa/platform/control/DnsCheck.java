package dev.stoa.platform.control;

import dev.stoa.platform.base.Threads;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Looks whether a host name leads to this machine. */
final class DnsCheck {
    private static final Duration LOOKUP_MAX = Duration.ofSeconds(3);

    /** Addresses for documents (RFC 5737, RFC 3849): the way to them is the way to the world, and nothing is sent. */
    private static final List<String> FAR_AWAY = List.of("192.0.2.1", "2001:db8::1");

    private final Resolver resolver;
    private final Resolver machine;
    private final String domain;

    /** Finds addresses; none if there are none. */
    @FunctionalInterface
    interface Resolver {
        List<InetAddress> addresses(String host);
    }

    /**
     * @param machine of this machine: those by which it speaks to the world for the empty name, all of them for any other
     * @param domain  the suffix of the apps' names
     */
    DnsCheck(Resolver resolver, Resolver machine, String domain) {
        this.resolver = resolver;
        this.machine = machine;
        this.domain = domain;
    }

    /** With what the machine knows. */
    static DnsCheck ofMachine(String domain) {
        return new DnsCheck(DnsCheck::lookUp, name -> name.isEmpty() ? outward() : all(), domain);
    }

    /** @param state as {@link dev.stoa.api.DomainState} has it */
    record Finding(String state, List<String> addresses, List<String> records, String detail) {}

    Finding check(String app, String host) {
        List<InetAddress> found = resolver.addresses(host);
        List<InetAddress> here = machine.addresses("");
        List<String> records = records(app, here);
        List<String> addresses = found.stream().map(DnsCheck::written).toList();
        if (found.isEmpty()) {
            return new Finding("missing", addresses, records, "it has no address in the DNS yet" + behind(here));
        }
        List<InetAddress> all = machine.addresses(host);
        List<InetAddress> others = found.stream()
                .filter(address -> !address.isLoopbackAddress() && !all.contains(address) && !here.contains(address))
                .toList();
        if (others.isEmpty()) {
            boolean loopback = found.stream().allMatch(InetAddress::isLoopbackAddress);
            return new Finding("ok", addresses, records, loopback ? "it leads to this machine from itself only" : "");
        }
        String which = others.stream().map(DnsCheck::written).collect(Collectors.joining(", "));
        return new Finding(
                "elsewhere",
                addresses,
                records,
                "it leads to %s, no address of this machine".formatted(which) + behind(here));
    }

    private List<String> records(String app, List<InetAddress> here) {
        List<String> records = new ArrayList<>();
        List<InetAddress> known = here.stream().filter(DnsCheck::isPublic).toList();
        (known.isEmpty() ? here : known)
                .forEach(address -> records.add((address instanceof Inet4Address ? "A " : "AAAA ") + written(address)));
        if (!domain.equals("localhost") && domain.contains(".")) {
            records.add("CNAME %s.%s.".formatted(app, domain));
        }
        return records;
    }

    /** Behind a router that shares one address, the machine's own is not the one that the world uses. */
    private static String behind(List<InetAddress> here) {
        return here.stream().noneMatch(DnsCheck::isPublic)
                ? "; this machine has no public address of its own: use the one that forwards ports 80 and 443 to it"
                : "";
    }

    /** Neither of RFC 1918 nor of RFC 4193. */
    private static boolean isPublic(InetAddress address) {
        byte[] bytes = address.getAddress();
        boolean uniqueLocal = bytes.length == 16 && (bytes[0] & 0xfe) == 0xfc;
        return !address.isSiteLocalAddress() && !uniqueLocal;
    }

    private static String written(InetAddress address) {
        return address.getHostAddress().replaceFirst("%.*", "");
    }

    /** The lookup of the system has no limit of its own. */
    private static List<InetAddress> lookUp(String host) {
        CompletableFuture<List<InetAddress>> found = new CompletableFuture<>();
        Threads.start("dns-" + host, () -> {
            try {
                found.complete(List.of(InetAddress.getAllByName(host)));
            } catch (UnknownHostException e) {
                found.complete(List.of());
            }
        });
        try {
            return found.get(LOOKUP_MAX.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            return List.of();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of();
        }
    }

    private static List<InetAddress> outward() {
        return FAR_AWAY.stream()
                .flatMap(far -> {
                    try (DatagramSocket socket = new DatagramSocket()) {
                        socket.connect(new InetSocketAddress(far, 9));
                        InetAddress local = socket.getLocalAddress();
                        return local.isAnyLocalAddress() || local.isLoopbackAddress() || local.isLinkLocalAddress()
                                ? Stream.empty()
                                : Stream.of(local);
                    } catch (IOException | java.io.UncheckedIOException e) {
                        return Stream.empty();
                    }
                })
                .distinct()
                .toList();
    }

    private static List<InetAddress> all() {
        try {
            Set<InetAddress> addresses = NetworkInterface.networkInterfaces()
                    .flatMap(NetworkInterface::inetAddresses)
                    .collect(Collectors.toSet());
            return List.copyOf(addresses);
        } catch (SocketException e) {
            return List.of();
        }
    }
}
