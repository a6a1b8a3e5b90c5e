import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Enumeration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;

/**
 * Rewrites the jars of a package of which an AOT cache would take nothing: it leaves out the classes of signed jars, and those
 * compiled for a Java before 6. The signatures go, and old classes get the version and the stack maps of Java 8.
 *
 * <p>usage: java Archivable.java JAR, where JAR is the program; the jars of its class path are looked at.
 */
final class Archivable {
    private static final String SIGNATURES = "META-INF/[^/]+\\.(SF|RSA|DSA|EC)";

    private Archivable() {}

    public static void main(String[] args) throws IOException {
        for (Path jar : classPath(Path.of(args[0]))) {
            Optional<Path> rewritten = rewritten(jar);
            if (rewritten.isPresent()) {
                Files.move(rewritten.get(), jar, StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    private static List<Path> classPath(Path program) throws IOException {
        try (JarFile jar = new JarFile(program.toFile())) {
            String names = jar.getManifest().getMainAttributes().getValue(Attributes.Name.CLASS_PATH);
            return Stream.of(names.split(" ")).map(program::resolveSibling).toList();
        }
    }

    /** Another file beside it; empty where the jar is good as it is. */
    private static Optional<Path> rewritten(Path path) throws IOException {
        // Not verified: nothing is taken on trust from this signature.
        try (JarFile jar = new JarFile(path.toFile(), false)) {
            boolean signed = jar.stream().anyMatch(entry -> isSignature(entry));
            boolean old = jar.stream().anyMatch(entry -> isClass(entry) && isOld(read(jar, entry)));
            if (!signed && !old) {
                return Optional.empty();
            }
            Path result = path.resolveSibling(path.getFileName() + ".new");
            try (OutputStream file = Files.newOutputStream(result);
                    JarOutputStream out = new JarOutputStream(file)) {
                copy(jar, out);
            }
            return Optional.of(result);
        }
    }

    private static void copy(JarFile jar, JarOutputStream out) throws IOException {
        ClassFile classFile = ClassFile.of(
                ClassFile.StackMapsOption.GENERATE_STACK_MAPS,
                ClassFile.ClassHierarchyResolverOption.of(hierarchy(jar)));
        for (Enumeration<JarEntry> entries = jar.entries(); entries.hasMoreElements(); ) {
            JarEntry entry = entries.nextElement();
            if (isSignature(entry)) {
                continue;
            }
            byte[] content = read(jar, entry);
            JarEntry copy = new JarEntry(entry.getName());
            copy.setTime(entry.getTime());
            out.putNextEntry(copy);
            if (entry.getName().equals(JarFile.MANIFEST_NAME)) {
                Manifest manifest = jar.getManifest();
                manifest.getEntries().values().forEach(Archivable::dropDigests);
                manifest.getEntries().values().removeIf(Attributes::isEmpty);
                manifest.write(out);
            } else {
                out.write(isClass(entry) && isOld(content) ? renewed(classFile, content) : content);
            }
            out.closeEntry();
        }
    }

    private static void dropDigests(Attributes attributes) {
        attributes.keySet().removeIf(name -> name.toString().toLowerCase(Locale.ROOT).endsWith("-digest"));
    }

    private static boolean isSignature(JarEntry entry) {
        return entry.getName().matches(SIGNATURES);
    }

    private static boolean isClass(JarEntry entry) {
        return entry.getName().endsWith(".class");
    }

    private static boolean isOld(byte[] content) {
        return version(content) < ClassFile.JAVA_6_VERSION;
    }

    private static int version(byte[] content) {
        return (content[6] & 0xff) << 8 | content[7] & 0xff;
    }

    private static byte[] renewed(ClassFile classFile, byte[] content) {
        ClassTransform newVersion = (builder, element) -> {
            if (element instanceof ClassFileVersion) {
                builder.withVersion(ClassFile.JAVA_8_VERSION, 0);
            } else {
                builder.with(element);
            }
        };
        // Only code that is written anew gets stack maps.
        return classFile.transformClass(
                classFile.parse(content),
                newVersion.andThen(ClassTransform.transformingMethodBodies((code, element) -> code.with(element))));
    }

    /** What the classes of the jar derive from, which their stack maps speak of. */
    private static ClassHierarchyResolver hierarchy(JarFile jar) {
        return ClassHierarchyResolver.ofResourceParsing(type -> {
                    String name = type.descriptorString();
                    JarEntry entry = jar.getJarEntry(name.substring(1, name.length() - 1) + ".class");
                    return entry == null ? null : stream(jar, entry);
                })
                .orElse(ClassHierarchyResolver.defaultResolver());
    }

    private static byte[] read(JarFile jar, JarEntry entry) {
        try (InputStream in = stream(jar, entry)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static InputStream stream(JarFile jar, JarEntry entry) {
        try {
            return jar.getInputStream(entry);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
