package dev.stoa.platform.engine.process;

import dev.stoa.platform.engine.InstanceSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The file system that an instance sees, as options of bubblewrap. It starts empty, so that what is not named here does
 * not exist for the instance.
 */
final class Layout {
    private static final List<String> SYSTEM =
            List.of("/usr", "/etc", "/opt", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32");

    private static final Path RESOLVER = Path.of("/etc/resolv.conf");

    private final List<String> options = new ArrayList<>();
    private final Set<Path> directories = new LinkedHashSet<>();
    private final List<Path> system = new ArrayList<>();

    private Layout() {}

    /**
     * @param hidden  paths that must not be visible although they may stand below a system directory
     * @param cgroups what of the instance's own control groups it may read, as a runtime sizes its heap by them
     */
    static List<String> of(
            InstanceSpec spec, InstanceFiles files, Sandbox sandbox, List<Path> hidden, List<Cgroups.View> cgroups) {
        Layout layout = new Layout();
        layout.system();
        layout.options("--proc", "/proc").options("--dev", "/dev");
        if (sandbox.mounts()) {
            layout.options("--bind", files.shm().toString(), "/dev/shm");
        }
        hidden.forEach(layout::hide);
        layout.directory(Path.of("/run"));
        layout.bind("--bind", files.tmp(), Path.of("/tmp"));
        layout.bind("--bind", files.tmp(), Path.of("/var/tmp"));
        if (Files.exists(files.passwd())) {
            layout.bind("--ro-bind", files.passwd(), Path.of("/etc/passwd"));
            layout.bind("--ro-bind", files.group(), Path.of("/etc/group"));
        }
        if (Files.exists(files.resolver())) {
            layout.bind("--ro-bind", files.hosts(), Path.of("/etc/hosts"));
            layout.resolver(files.resolver());
        } else {
            layout.resolver(RESOLVER);
        }
        for (Cgroups.View view : cgroups) {
            layout.bind("--ro-bind", view.outside(), view.inside());
        }
        for (Path path : spec.readable()) {
            layout.bind("--ro-bind", path, path);
        }
        Path app = spec.slugUse() == InstanceSpec.SlugUse.EPHEMERAL ? files.app() : spec.slug();
        layout.bind("--bind", app, Path.of(spec.mount()));
        for (Path path : spec.writable()) {
            layout.bind("--bind", path, path);
        }
        for (InstanceSpec.Mount mount : spec.mounts()) {
            layout.bind(mount.readOnly() ? "--ro-bind" : "--bind", mount.folder(), Path.of(mount.path()));
        }
        return List.copyOf(layout.options);
    }

    private void system() {
        for (String name : SYSTEM) {
            Path path = Path.of(name);
            if (Files.isSymbolicLink(path)) {
                options("--symlink", target(path), name);
            } else if (Files.isDirectory(path)) {
                options("--ro-bind", name, name);
                system.add(path);
            }
        }
    }

    private void hide(Path path) {
        try {
            Path real = path.toRealPath();
            if (system.stream().anyMatch(real::startsWith)) {
                options("--tmpfs", real.toString());
            }
        } catch (IOException e) {
            // What does not exist needs no hiding.
            return;
        }
    }

    /** /etc/resolv.conf is often a link into /run, which instances do not see. */
    private void resolver(Path file) {
        try {
            if (Files.isSymbolicLink(RESOLVER)) {
                Path direct = RESOLVER.resolveSibling(Files.readSymbolicLink(RESOLVER))
                        .normalize();
                if (!file.equals(RESOLVER) || system.stream().noneMatch(direct::startsWith)) {
                    bind("--ro-bind", file.toRealPath(), direct);
                }
            } else if (!file.equals(RESOLVER) && Files.exists(RESOLVER)) {
                bind("--ro-bind", file, RESOLVER);
            }
        } catch (IOException e) {
            // A link that leads nowhere outside leads nowhere inside.
            return;
        }
    }

    private void bind(String option, Path outside, Path inside) {
        if (inside.getParent() != null) {
            directory(inside.getParent());
        }
        options(option, outside.toString(), inside.toString());
    }

    /** bubblewrap would make missing parents readable to root alone. */
    private void directory(Path path) {
        if (path.getParent() == null || directories.contains(path) || system.contains(path)) {
            return;
        }
        directory(path.getParent());
        directories.add(path);
        options("--dir", path.toString());
    }

    private Layout options(String... words) {
        options.addAll(List.of(words));
        return this;
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            return link.toString();
        }
    }
}
