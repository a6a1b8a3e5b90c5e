package dev.stoa.platform.build.cnb;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;

/**
 * A kind of machine, in the words of the OCI image specification and of os-release(5). An empty text stands for any.
 *
 * @param distros alternatives; none stands for any
 */
record Target(String os, String arch, List<Distro> distros) {
    record Distro(String name, String version) {
        @Override
        public String toString() {
            return (name + " " + version).strip();
        }
    }

    private static final Map<String, String> ARCHITECTURES = Map.of("x86_64", "amd64", "aarch64", "arm64");

    Target {
        distros = List.copyOf(distros);
    }

    /** The machine that this program runs on. */
    static Target ofThisMachine() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String arch = System.getProperty("os.arch");
        return new Target(
                os.startsWith("mac") ? "darwin" : os,
                ARCHITECTURES.getOrDefault(arch, arch),
                distro(Path.of("/etc/os-release")));
    }

    static List<Distro> distro(Path osRelease) {
        try {
            // The file is a list of assignments for a shell, of which these two are plain words, perhaps quoted.
            Properties properties = new Properties();
            properties.load(new StringReader(Files.readString(osRelease)));
            String name = unquoted(properties.getProperty("ID", ""));
            String version = unquoted(properties.getProperty("VERSION_ID", ""));
            return name.isEmpty() ? List.of() : List.of(new Distro(name, version));
        } catch (IOException | IllegalArgumentException e) {
            return List.of();
        }
    }

    private static String unquoted(String value) {
        return value.strip().replaceAll("^([\"'])(.*)\\1$", "$2");
    }

    /** Whether what is made for this target runs on that machine. */
    boolean fits(Target machine) {
        return any(os, machine.os)
                && any(arch, machine.arch)
                && (distros.isEmpty()
                        || distros.stream()
                                .anyMatch(wanted -> machine.distros.stream()
                                        .anyMatch(distro ->
                                                any(wanted.name, distro.name) && any(wanted.version, distro.version))));
    }

    private static boolean any(String wanted, String found) {
        return wanted.isEmpty() || wanted.equals(found);
    }

    /** For {@code bin/detect} and {@code bin/build}. */
    Map<String, String> env() {
        Map<String, String> env = new HashMap<>(Map.of("CNB_TARGET_OS", os, "CNB_TARGET_ARCH", arch));
        distros.stream().findFirst().ifPresent(distro -> {
            env.put("CNB_TARGET_DISTRO_NAME", distro.name);
            env.put("CNB_TARGET_DISTRO_VERSION", distro.version);
        });
        return env;
    }

    @Override
    public String toString() {
        String machine = "%s/%s".formatted(os.isEmpty() ? "any" : os, arch.isEmpty() ? "any" : arch);
        return distros.isEmpty()
                ? machine
                : machine + " with "
                        + String.join(
                                " or ", distros.stream().map(Distro::toString).toList());
    }
}
