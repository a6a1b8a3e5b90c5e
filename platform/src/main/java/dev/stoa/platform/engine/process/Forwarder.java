package dev.stoa.platform.engine.process;

import dev.stoa.api.Json;
import dev.stoa.platform.engine.PortForwarding;
import dev.stoa.platform.engine.process.NetfilterBatch.Field;
import dev.stoa.platform.engine.process.NetfilterBatch.Hook;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The port forwarding of an engine's network: a table of the kernel's packet filter with two maps, one of ports of this
 * machine, one of instances and ports. A client that is in neither reaches the port itself.
 *
 * <p>The table outlives the engine, since connections would break with it, and a file says what the maps are for. The next engine
 * goes on with that, and writes the maps anew before it gives an address to an instance, which so has not the rights of one that
 * had it before.
 */
final class Forwarder implements PortForwarding {
    private static final System.Logger LOG = System.getLogger(Forwarder.class.getName());

    private static final String MACHINE = "machine";
    private static final String INSTANCES = "instances";
    private static final byte[] LOCAL = {127, 0, 0, 1};
    private static final int EEXIST = 17;

    private final String table;
    private final Path file;
    private final InetAddress address;
    private final String clients;
    private final Map<InetAddress, Integer> tenants = new HashMap<>();
    private final Map<Integer, Forward> forwards = new TreeMap<>();

    /** Empty: not known. */
    private Optional<Maps> written = Optional.empty();

    private boolean closed;

    /** What the two say. */
    private record Maps(Map<ByteBuffer, ByteBuffer> machine, Map<ByteBuffer, ByteBuffer> instances) {}

    private record Forward(int port, int server, Set<Integer> tenants) {}

    /** What the file holds. */
    private record Known(List<Forward> forwards) {}

    private Forwarder(String network, InetAddress address, String clients) {
        this.table = table(network);
        this.file = file(network);
        this.address = address;
        this.clients = clients;
    }

    private static String table(String network) {
        return network + "-forward";
    }

    /** Gone with the next start of the machine, as the table is. */
    private static Path file(String network) {
        return Path.of("/run/stoa/forwards", network);
    }

    /**
     * @param address of this machine, for servers
     * @param clients the addresses of instances, for people
     */
    static Forwarder open(String network, InetAddress gateway, InetAddress address, String clients) throws IOException {
        NetfilterBatch rules = new NetfilterBatch(table(network));
        rules.only();
        rules.map(MACHINE);
        rules.map(INSTANCES);
        rules.chain("from-machine", Hook.OUTPUT_NAT);
        rules.rule(
                "from-machine",
                NetfilterBatch.is(Field.DESTINATION, LOCAL),
                NetfilterBatch.tcp(),
                NetfilterBatch.redirectBy(MACHINE, Field.DESTINATION));
        rules.chain("from-instances", Hook.PREROUTING);
        rules.rule(
                "from-instances",
                NetfilterBatch.is(Field.DESTINATION, gateway.getAddress()),
                NetfilterBatch.tcp(),
                NetfilterBatch.redirectBy(INSTANCES, Field.SOURCE));
        rules.chain("servers", Hook.INPUT);
        rules.rule(
                "servers",
                NetfilterBatch.is(Field.DESTINATION, address.getAddress()),
                NetfilterBatch.newConnection(),
                NetfilterBatch.notRedirected(),
                NetfilterBatch.drop());
        try {
            rules.send();
        } catch (NetlinkSocket.Refused e) {
            if (e.errno() != EEXIST) {
                throw e;
            }
        }
        Forwarder forwarder = new Forwarder(network, address, clients);
        forwarder.recall();
        return forwarder;
    }

    static void remove(String network) throws IOException {
        Netfilter.remove(table(network));
        Files.deleteIfExists(file(network));
    }

    private synchronized void recall() throws IOException {
        Files.createDirectories(file.getParent());
        try {
            Json.read(Files.readString(file), Known.class)
                    .forwards()
                    .forEach(forward -> forwards.put(forward.port(), forward));
        } catch (NoSuchFileException e) {
            LOG.log(System.Logger.Level.DEBUG, "nobody was led anywhere network={0}", table);
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot read who was led where path=" + file, e);
        }
    }

    @Override
    public InetAddress address() {
        return address;
    }

    @Override
    public String clients() {
        return clients;
    }

    @Override
    public synchronized void forward(int port, int server, Set<Integer> whose) {
        forwards.put(port, new Forward(port, server, Set.copyOf(whose)));
        try {
            write();
        } catch (IOException e) {
            forwards.remove(port);
            throw new UncheckedIOException("could not have the kernel lead connections to port " + port, e);
        }
    }

    @Override
    public synchronized void end(int port) {
        if (forwards.remove(port) != null) {
            tryToWrite();
        }
    }

    /** An instance has this address now. */
    synchronized void admit(InetAddress instance, int tenant) {
        tenants.put(instance, tenant);
        tryToWrite();
    }

    /** Nobody has this address now. */
    synchronized void forget(InetAddress instance) {
        if (tenants.remove(instance) != null) {
            tryToWrite();
        }
    }

    /** Takes note of an instance that an earlier engine started. */
    synchronized void hold(InetAddress instance, int tenant) {
        tenants.put(instance, tenant);
    }

    /** Changes nothing any more: another engine may have the table. Returns whether anybody is led anywhere. */
    synchronized boolean close() {
        closed = true;
        return !forwards.isEmpty();
    }

    private void tryToWrite() {
        try {
            write();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "could not change the port forwarding of instances", e);
        }
    }

    private void write() throws IOException {
        Maps wanted = new Maps(ofMachine(), ofInstances());
        if (closed || written.equals(Optional.of(wanted))) {
            return;
        }
        NetfilterBatch changes = new NetfilterBatch(table);
        if (written.isEmpty()) {
            changes.clear(MACHINE);
            changes.clear(INSTANCES);
        }
        Maps before = written.orElse(new Maps(Map.of(), Map.of()));
        change(changes, MACHINE, before.machine(), wanted.machine());
        change(changes, INSTANCES, before.instances(), wanted.instances());
        written = Optional.empty();
        Path draft = file.resolveSibling(file.getFileName() + ".new");
        Files.writeString(draft, Json.write(new Known(List.copyOf(forwards.values()))));
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        changes.send();
        written = Optional.of(wanted);
    }

    private static void change(
            NetfilterBatch changes,
            String map,
            Map<ByteBuffer, ByteBuffer> before,
            Map<ByteBuffer, ByteBuffer> wanted) {
        Map<ByteBuffer, ByteBuffer> former = new HashMap<>(before);
        Map<ByteBuffer, ByteBuffer> fresh = new HashMap<>(wanted);
        former.entrySet().removeAll(wanted.entrySet());
        fresh.entrySet().removeAll(before.entrySet());
        changes.remove(map, former.keySet());
        changes.put(map, fresh);
    }

    private Map<ByteBuffer, ByteBuffer> ofMachine() {
        Map<ByteBuffer, ByteBuffer> entries = new HashMap<>();
        forwards.forEach((port, to) ->
                entries.put(NetfilterBatch.socket(LOCAL, port), NetfilterBatch.socket(LOCAL, to.server())));
        return entries;
    }

    private Map<ByteBuffer, ByteBuffer> ofInstances() {
        Map<ByteBuffer, ByteBuffer> entries = new HashMap<>();
        forwards.forEach((port, to) -> tenants.forEach((instance, tenant) -> {
            if (to.tenants().contains(tenant)) {
                entries.put(
                        NetfilterBatch.socket(instance.getAddress(), port),
                        NetfilterBatch.socket(address.getAddress(), to.server()));
            }
        }));
        return entries;
    }
}
