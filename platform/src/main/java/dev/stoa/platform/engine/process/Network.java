package dev.stoa.platform.engine.process;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.Json;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.Threads;
import dev.stoa.platform.engine.PortForwarding;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * The private network of an engine's instances: a pool of addresses, one for each, and the gateway that is the platform.
 *
 * <p>An instance has a network namespace with a veth pair to the machine. A packet of its own goes to the gateway, and
 * from there out into the world under the machine's address; the rules that keep everything else apart are in
 * {@link Netfilter}. Namespaces, links and rules live in the kernel: they outlive the platform as the instances do, and
 * the next engine over the same directory takes them over.
 */
final class Network {
    private static final System.Logger LOG = System.getLogger(Network.class.getName());

    /** Pools are the /20 of 10.192.0.0/10: far from what home routers and container engines take. */
    private static final int FIRST_POOL = 10 << 24 | 192 << 16;

    private static final int PREFIX = 20;
    private static final int POOLS = 1 << (PREFIX - 10);
    private static final int ADDRESSES = 1 << (Integer.SIZE - PREFIX);
    private static final int GATEWAY_OFFSET = 1;

    /** Where servers listen that instances are led to: the last address, since the first ones may be taken already. */
    private static final int SERVERS_OFFSET = ADDRESSES - 2;

    private static final List<Integer> OWN_OFFSETS = List.of(GATEWAY_OFFSET, SERVERS_OFFSET);

    private static final Path NAMESPACES = Path.of("/run/netns");

    /** Which directory each network of this machine belongs to: those of directories that are gone are cleared away. */
    private static final Path REGISTRY = Path.of("/run/stoa/networks");

    private static final int COMMAND_SECONDS_MAX = 20;
    private static final int ETHERNET_MTU = 1500;

    /** Not while the instance that took the last one starts. */
    private static final Duration SPARE_AFTER = Duration.ofSeconds(1);

    private final String name;
    private final int pool;
    private final int user;
    private final BitSet taken = new BitSet(ADDRESSES);
    private final Forwarder forwarder;
    private final ReentrantLock making = new ReentrantLock();
    private int next = GATEWAY_OFFSET;
    private OptionalInt spare = OptionalInt.empty();
    private boolean sparing;
    private volatile boolean closed;

    private Network(String name, int pool, int user) throws IOException {
        this.name = name;
        this.pool = pool;
        this.user = user;
        taken.set(0, GATEWAY_OFFSET + 1);
        taken.set(SERVERS_OFFSET, ADDRESSES);
        prepare();
        this.forwarder = Forwarder.open(name, gateway(), address(pool + SERVERS_OFFSET), text(pool) + "/" + PREFIX);
    }

    /** What the registry says of a network. */
    private record Registered(String directory, int pool) {}

    /**
     * Opens the network of an engine's directory, or makes it.
     *
     * @throws IOException when this machine does not allow it, with the reason
     */
    static Network open(Path directory) throws IOException {
        if (!Launcher.onPath("ip") || !Launcher.onPath("nsenter")) {
            throw new IOException("the programs ip and nsenter are missing (apt install iproute2 util-linux)");
        }
        Files.createDirectories(REGISTRY);
        clearAway();
        String name = "stoa-" + Scripts.fingerprint(directory.toString()).substring(0, 8);
        int user = Machine.user();
        Path entry = REGISTRY.resolve(name);
        Optional<Registered> registered = registered(entry);
        int pool = registered.isPresent() ? registered.get().pool() : freePool(name.hashCode());
        Files.writeString(entry, Json.write(new Registered(directory.toString(), pool)));
        return new Network(name, pool, user);
    }

    private void prepare() throws IOException {
        for (int offset : OWN_OFFSETS) {
            String _ = run(List.of("ip", "address", "replace", text(pool + offset) + "/32", "dev", "lo"), "");
        }
        Netfilter.install(name, bytes(pool), PREFIX, bytes(gatewayBits()), 0, user);
        Path forwarding = Path.of("/proc/sys/net/ipv4/ip_forward");
        if (!Files.readString(forwarding).strip().equals("1")) {
            Files.writeString(forwarding, "1\n");
        }
        if (Launcher.onPath("iptables")) {
            for (List<String> rule : exceptions(pool)) {
                if (refuses(rule.getFirst()) && !succeeds(iptables("-C", rule))) {
                    String _ = run(iptables("-I", rule), "");
                }
            }
        }
    }

    /** Container engines and firewalls let nothing pass but their own; rules of another table cannot undo that. */
    private static List<List<String>> exceptions(int pool) {
        String range = text(pool) + "/" + PREFIX;
        return List.of(
                List.of("FORWARD", "-s", range, "!", "-d", range, "-j", "ACCEPT"),
                List.of("FORWARD", "-d", range, "-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED", "-j", "ACCEPT"),
                List.of("INPUT", "-s", range, "-d", text(pool + GATEWAY_OFFSET), "-j", "ACCEPT"),
                List.of("INPUT", "-s", range, "-d", text(pool + SERVERS_OFFSET), "-j", "ACCEPT"));
    }

    private static boolean refuses(String chain) throws IOException {
        return !run(List.of("iptables", "-w", "-S", chain), "").startsWith("-P " + chain + " ACCEPT");
    }

    private static List<String> iptables(String action, List<String> rule) {
        return Stream.concat(Stream.of("iptables", "-w", action), rule.stream()).toList();
    }

    /** Where the platform is for the instances. */
    InetAddress gateway() {
        return address(gatewayBits());
    }

    /** What it knows of instances are those that {@link #admit} and {@link #hold} tell of. */
    PortForwarding forwarding() {
        return forwarder;
    }

    /** From now on port 80 of the gateway is this port of it. */
    void serve(int port) throws IOException {
        Netfilter.install(name, bytes(pool), PREFIX, bytes(gatewayBits()), port, user);
    }

    /** The place of an instance in the network. */
    record Place(Path namespace, InetAddress address, InetAddress gateway) {}

    /** A namespace with an address for an instance: one that was made beforehand, if there is one. */
    Place join() throws IOException {
        OptionalInt ready = takeSpare();
        int address = ready.isPresent() ? ready.getAsInt() : take();
        if (ready.isEmpty()) {
            make(address);
        }
        spareLater();
        return new Place(NAMESPACES.resolve(namespace(address)), address(address), gateway());
    }

    /** Making one takes as long as starting a small app, so that one is kept ready. */
    private synchronized void spareLater() {
        if (!closed && !sparing && spare.isEmpty()) {
            sparing = true;
            ScheduledFuture<?> _ = Threads.after(SPARE_AFTER, "network-spare", this::makeSpare);
        }
    }

    private void makeSpare() {
        making.lock();
        try {
            if (!closed) {
                int address = take();
                make(address);
                synchronized (this) {
                    spare = OptionalInt.of(address);
                }
            }
        } catch (IOException | StoaException e) {
            LOG.log(System.Logger.Level.WARNING, "could not make a network namespace beforehand", e);
        } finally {
            synchronized (this) {
                sparing = false;
            }
            making.unlock();
        }
    }

    private synchronized OptionalInt takeSpare() {
        OptionalInt taken = spare;
        spare = OptionalInt.empty();
        return taken;
    }

    /** Makes nothing beforehand any more. The instances keep what they have. */
    void close() {
        boolean _ = retire();
    }

    /** Returns whether the kernel leads anybody anywhere. */
    private boolean retire() {
        closed = true;
        making.lock();
        try {
            takeSpare().ifPresent(address -> leave(address(address)));
        } finally {
            making.unlock();
        }
        return forwarder.close();
    }

    private void make(int address) throws IOException {
        boolean made = false;
        try {
            String namespace = namespace(address);
            String link = link(address);
            String _ = run(List.of("ip", "-batch", "-"), """
                    netns add %1$s
                    link add %2$s mtu %3$d type veth peer name eth0 mtu %3$d netns %1$s
                    link set %2$s up
                    route add %4$s/32 dev %2$s src %5$s
                    """.formatted(
                            namespace, link, mtu(), text(address), text(gatewayBits())));
            // Within its own namespace an instance may have every port; where the kernel refuses, those above 1023.
            boolean _ = succeeds(List.of(
                    "nsenter",
                    "--net=" + NAMESPACES.resolve(namespace),
                    "--",
                    "/bin/sh",
                    "-c",
                    "echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start"));
            // What claims to be another instance is not let in.
            Files.writeString(Path.of("/proc/sys/net/ipv4/conf", link, "rp_filter"), "1\n");
            String _ = run(
                    List.of("ip", "-n", namespace, "-batch", "-"), """
                    link set lo up
                    address add %1$s/32 dev eth0
                    link set eth0 up
                    route add %2$s dev eth0 scope link
                    route add default via %2$s dev eth0
                    """.formatted(text(address), text(gatewayBits())));
            made = true;
        } finally {
            if (!made) {
                leave(address(address));
            }
        }
    }

    /** An instance of a tenant is about to have this address, and no other one. */
    void admit(InetAddress address, int tenant) {
        forwarder.admit(address, tenant);
    }

    /** Takes note of an instance that an earlier engine gave this address. */
    synchronized void hold(InetAddress address, int tenant) {
        forwarder.hold(address, tenant);
        int offset = bits(address) - pool;
        if (offset > GATEWAY_OFFSET && offset < ADDRESSES) {
            taken.set(offset);
            // The links of those that end take a moment to go, so their addresses are not the next to be given.
            next = Math.max(next, offset);
        }
    }

    /** Takes back what an instance had. */
    void leave(InetAddress address) {
        forwarder.forget(address);
        removeNamespace(namespace(bits(address)));
        int offset = bits(address) - pool;
        synchronized (this) {
            if (offset > GATEWAY_OFFSET && offset < ADDRESSES) {
                taken.clear(offset);
            }
        }
    }

    /** Deletes all namespaces but those with one of these addresses, and gets one ready. */
    void removeAllBut(Collection<InetAddress> addresses) {
        Set<String> wanted = new TreeSet<>();
        addresses.forEach(address -> wanted.add(namespace(bits(address))));
        for (String found : namespaces(name)) {
            if (!wanted.contains(found)) {
                removeNamespace(found);
            }
        }
        spareLater();
    }

    /** Leaves nothing in the kernel that is of use to nobody; for when no instance runs. */
    void dissolve() {
        if (!retire()) {
            dissolve(name, pool);
        }
    }

    private static void dissolve(String name, int pool) {
        namespaces(name).forEach(Network::removeNamespace);
        try {
            Netfilter.remove(name);
            Forwarder.remove(name);
            if (Launcher.onPath("iptables")) {
                for (List<String> rule : exceptions(pool)) {
                    boolean _ = refuses(rule.getFirst()) && succeeds(iptables("-D", rule));
                }
            }
            for (int offset : OWN_OFFSETS) {
                boolean _ = succeeds(List.of("ip", "address", "delete", text(pool + offset) + "/32", "dev", "lo"));
            }
            Files.deleteIfExists(REGISTRY.resolve(name));
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "could not take down a network name=" + name, e);
        }
    }

    private static void clearAway() throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(REGISTRY)) {
            for (Path entry : entries) {
                Optional<Registered> registered = registered(entry);
                if (registered.isPresent()
                        && !Files.exists(Path.of(registered.get().directory()))) {
                    dissolve(entry.getFileName().toString(), registered.get().pool());
                }
            }
        }
    }

    private static Optional<Registered> registered(Path entry) {
        try {
            return Optional.of(Json.read(Files.readString(entry), Registered.class));
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    private synchronized int take() {
        for (int tried = 0; tried < ADDRESSES; tried++) {
            next = (next + 1) % ADDRESSES;
            if (!taken.get(next)) {
                taken.set(next);
                return pool + next;
            }
        }
        throw new StoaException(
                ErrorCode.TOO_BUSY,
                "all %d addresses of the instances' network are taken".formatted(ADDRESSES),
                "stop apps that are not needed");
    }

    /** The first pool from a seed on that no route of this machine leads to. */
    private static int freePool(int seed) throws IOException {
        List<String> routes =
                Files.readAllLines(Path.of("/proc/net/route")).stream().skip(1).toList();
        for (int i = 0; i < POOLS; i++) {
            int candidate = FIRST_POOL + Math.floorMod(seed + i, POOLS) * ADDRESSES;
            if (routes.stream().noneMatch(route -> leadsInto(route, candidate)) && !isLocal(candidate)) {
                return candidate;
            }
        }
        throw new IOException("every range of 10.192.0.0/10 is taken by a route of this machine");
    }

    /** A line of /proc/net/route: destination and mask are hexadecimal numbers in the machine's byte order. */
    private static boolean leadsInto(String route, int candidate) {
        String[] fields = route.split("\t", -1);
        int destination = Integer.reverseBytes(Integer.parseUnsignedInt(fields[1], 16));
        int mask = Integer.reverseBytes(Integer.parseUnsignedInt(fields[7], 16));
        int common = mask & (-1 << (Integer.SIZE - PREFIX));
        return mask != 0 && (destination & common) == (candidate & common);
    }

    private static boolean isLocal(int candidate) throws SocketException {
        return NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .filter(Inet4Address.class::isInstance)
                .anyMatch(address -> (bits(address) & (-1 << (Integer.SIZE - PREFIX))) == candidate);
    }

    /** That of the way out, so that no packet has to be cut. */
    private static int mtu() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/net/route"))) {
                String[] fields = line.split("\t", -1);
                if (fields.length > 7 && fields[1].equals("00000000") && fields[7].equals("00000000")) {
                    return Integer.parseInt(Files.readString(Path.of("/sys/class/net", fields[0], "mtu"))
                            .strip());
                }
            }
        } catch (IOException | NumberFormatException e) {
            LOG.log(System.Logger.Level.DEBUG, "the way out does not say its MTU", e);
        }
        return ETHERNET_MTU;
    }

    private static List<String> namespaces(String network) {
        try (DirectoryStream<Path> found = Files.newDirectoryStream(NAMESPACES, network + "-*")) {
            ArrayList<String> names = new ArrayList<>();
            found.forEach(path -> names.add(path.getFileName().toString()));
            return names;
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "could not list the network namespaces", e);
            return List.of();
        }
    }

    /** Its link goes with it, as soon as the last process in it has ended. */
    private static void removeNamespace(String namespace) {
        if (Files.exists(NAMESPACES.resolve(namespace)) && !succeeds(List.of("ip", "netns", "delete", namespace))) {
            LOG.log(System.Logger.Level.WARNING, "could not delete a network namespace name={0}", namespace);
        }
    }

    private String namespace(int address) {
        return name + "-" + HexFormat.of().toHexDigits(address);
    }

    /** At most 15 characters. */
    private static String link(int address) {
        return "stoa" + HexFormat.of().toHexDigits(address);
    }

    private int gatewayBits() {
        return pool + GATEWAY_OFFSET;
    }

    private static int bits(InetAddress address) {
        return ByteBuffer.wrap(address.getAddress()).getInt();
    }

    private static byte[] bytes(int bits) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(bits).array();
    }

    private static InetAddress address(int bits) {
        try {
            return InetAddress.getByAddress(bytes(bits));
        } catch (UnknownHostException e) {
            throw new AssertionError("four bytes are an address", e);
        }
    }

    private static String text(int bits) {
        return address(bits).getHostAddress();
    }

    private static boolean succeeds(List<String> command) {
        try {
            String _ = run(command, "");
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Returns what it printed. */
    private static String run(List<String> command, String input) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("PATH", Launcher.SHIM_PATH);
        Process process = builder.start();
        try (OutputStream out = process.getOutputStream()) {
            out.write(input.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // It ended early, and says why itself.
            LOG.log(System.Logger.Level.DEBUG, "a command did not read its input", e);
        }
        try {
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (!process.waitFor(COMMAND_SECONDS_MAX, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException("%s: %s".formatted(String.join(" ", command), said));
            }
            return said;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while running " + String.join(" ", command), e);
        } finally {
            process.destroyForcibly();
        }
    }
}
