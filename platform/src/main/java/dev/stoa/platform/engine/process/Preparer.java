package dev.stoa.platform.engine.process;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import dev.stoa.platform.base.DiskFull;
import dev.stoa.platform.base.FileTree;
import dev.stoa.platform.engine.InstanceSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Makes what is around an instance, and takes it away again. */
final class Preparer {
    private static final System.Logger LOG = System.getLogger(Preparer.class.getName());

    /** PORT of every instance that has an address of its own. */
    private static final int OWN_PORT = 8080;

    private final Path directory;
    private final InstantSource clock;
    private final Sandbox sandbox;
    private final Cgroups cgroups;
    private final Launcher launcher;
    private final Ports ports;
    private final Optional<Network> network;
    private final String sharedWhy;

    Preparer(
            Path directory,
            InstantSource clock,
            Sandbox sandbox,
            Cgroups cgroups,
            Launcher launcher,
            Ports ports,
            Machine.Networking networking) {
        this.directory = directory;
        this.clock = clock;
        this.sandbox = sandbox;
        this.cgroups = cgroups;
        this.launcher = launcher;
        this.ports = ports;
        this.network = networking.own();
        this.sharedWhy = networking.sharedWhy();
    }

    /** @throws StoaException if it cannot be made; nothing of it is left then */
    Prepared prepare(InstanceSpec spec, Stdio stdio) {
        check(spec);
        InstanceFiles files = new InstanceFiles(directory.resolve(spec.id()));
        int port = port(spec.net());
        Optional<Network.Place> place = Optional.empty();
        boolean made = false;
        try {
            if (network.isPresent()) {
                place = Optional.of(network.get().join());
            }
            Optional<InetAddress> address = place.map(Network.Place::address);
            address.ifPresent(given -> network.orElseThrow().admit(given, spec.tenant()));
            Cgroups.Group group = cgroups.create(spec.id(), spec.limits());
            cgroups.expectJoin();
            Process shim = launcher.prepare(spec, files, group, place, stdio, port);
            made = true;
            return new Prepared(spec, files, port, address, shim);
        } catch (IOException e) {
            throw notLaunched(spec, e);
        } finally {
            if (!made) {
                forget(files, port, place.map(Network.Place::address));
            }
        }
    }

    /**
     * Tells the shell that waits what to become, and returns once it is about to.
     *
     * @param spec like the one that it was made for, but perhaps with another command, environment or names
     * @return since when the instance runs
     * @throws StoaException if it does not become that; nothing of it is left then
     */
    Instant launch(Prepared prepared, InstanceSpec spec, Stdio stdio) {
        InstanceFiles files = prepared.files();
        Instant now = clock.instant();
        boolean launched = false;
        try {
            if (!spec.net().names().equals(prepared.spec().net().names()) && network.isPresent()) {
                HostNames.write(files, network.get().gateway(), spec.net().names());
            }
            launcher.launch(prepared.shim(), files, launcher.script(spec, prepared.port(), stdio), stdio);
            files.record(recorded(spec, prepared.port(), prepared.address(), now));
            launched = true;
            return now;
        } catch (IOException e) {
            throw notLaunched(spec, e);
        } finally {
            if (!launched) {
                discard(prepared);
            }
        }
    }

    /** Ends what was made ready, and takes it away. */
    void discard(Prepared prepared) {
        Launcher.end(prepared.shim());
        forget(prepared.files(), prepared.port(), prepared.address());
    }

    void forget(InstanceFiles files, int port, Optional<InetAddress> address) {
        cgroups.remove(files.id());
        ports.giveBack(port);
        network.ifPresent(shared -> address.ifPresent(shared::leave));
        try {
            FileTree.delete(files.directory());
        } catch (UncheckedIOException e) {
            LOG.log(System.Logger.Level.WARNING, "could not delete an instance's files path=" + files.directory(), e);
        }
    }

    private InstanceFiles.Recorded recorded(InstanceSpec spec, int port, Optional<InetAddress> address, Instant at) {
        return new InstanceFiles.Recorded(
                spec.tenant(),
                spec.command(),
                port,
                address.map(InetAddress::getHostAddress),
                sandbox.isolated(),
                at,
                Optional.of(spec.mounts().stream()
                        .map(mount -> mount.folder().toString())
                        .toList()));
    }

    private StoaException notLaunched(InstanceSpec spec, IOException e) {
        boolean full = DiskFull.causes(e);
        return new StoaException(
                full ? ErrorCode.DISK_FULL : ErrorCode.INTERNAL,
                "instance " + spec.id() + " could not be launched: " + e.getMessage(),
                full ? "Make room on the disk of " + directory + "." : "",
                e);
    }

    /** With an address of its own, an instance may have any port; else all of them share the machine's. */
    private int port(InstanceSpec.Net net) {
        if (!net.listens()) {
            return 0;
        }
        if (network.isPresent()) {
            return net.port().orElse(OWN_PORT);
        }
        if (net.port().isPresent()) {
            throw new StoaException(
                    ErrorCode.PORT_UNAVAILABLE,
                    "port = %d in stoa.toml needs a network of its own for each instance, which this machine does not give: %s"
                            .formatted(net.port().get(), sharedWhy),
                    "let the app listen on the port in the variable PORT, or change the machine");
        }
        return ports.take();
    }

    private void check(InstanceSpec spec) {
        if (Files.exists(directory.resolve(spec.id()))) {
            throw new IllegalStateException("instance " + spec.id() + " exists already");
        }
        List<Path> needed = new ArrayList<>(List.of(spec.slug()));
        needed.addAll(spec.readable());
        needed.addAll(spec.writable());
        spec.mounts().forEach(mount -> needed.add(mount.folder()));
        for (Path path : needed) {
            if (!Files.exists(path)) {
                throw new StoaException(
                        ErrorCode.INTERNAL,
                        "instance " + spec.id() + " could not be launched: " + path + " does not exist",
                        "Deploy the app again, so that its files are built anew.");
            }
        }
        spec.mounts().forEach(mount -> checkPoint(spec, mount));
    }

    /** Within the slug, a mount stands on what is a folder there, or nothing: a link could lead it anywhere. */
    private static void checkPoint(InstanceSpec spec, InstanceSpec.Mount mount) {
        Path home = Path.of(spec.mount());
        Path point = Path.of(mount.path());
        if (!point.startsWith(home) || point.equals(home)) {
            return;
        }
        Path step = spec.slug();
        for (Path name : home.relativize(point)) {
            step = step.resolve(name);
            if (!Files.exists(step, LinkOption.NOFOLLOW_LINKS)) {
                return;
            }
            if (!Files.isDirectory(step, LinkOption.NOFOLLOW_LINKS)) {
                throw new StoaException(
                        ErrorCode.BAD_REQUEST,
                        "nothing can be mounted at %s: the app's files have a %s at %s"
                                .formatted(
                                        point,
                                        Files.isSymbolicLink(step) ? "link" : "file",
                                        home.resolve(spec.slug().relativize(step))),
                        "choose another path, such as /data, or take it out of the app's files");
            }
        }
    }
}
