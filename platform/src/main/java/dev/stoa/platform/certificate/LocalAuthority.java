package dev.stoa.platform.certificate;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.List;
import java.util.regex.Pattern;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * The platform's own certificate authority, for names that no other one gives certificates for, such as those below
 * localhost. Only who trusts its certificate on purpose believes it.
 *
 * <p>A name gets a certificate of its own: clients refuse a wildcard directly below a top-level domain, as {@code
 * *.localhost} is.
 */
public final class LocalAuthority {
    private static final Duration AUTHORITY_LIFE = Duration.ofDays(3650);
    private static final Duration LIFE = Duration.ofDays(90);

    /** For clients whose clock is behind. */
    private static final Duration BEFORE = Duration.ofHours(1);

    private static final Pattern ADDRESS = Pattern.compile("[0-9.]+");
    private static final int SERIAL_BITS = 127;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final CertificateChain authority;
    private final Path certificateFile;
    private final InstantSource clock;

    private LocalAuthority(CertificateChain authority, Path certificateFile, InstantSource clock) {
        this.authority = authority;
        this.certificateFile = certificateFile;
        this.clock = clock;
    }

    /** Where the certificate that clients can trust stands below the folder. */
    public static Path certificateFile(Path folder) {
        return folder.resolve("ca.pem");
    }

    /**
     * Opens the authority of a folder; makes one if there is none, or the present one has expired.
     *
     * @throws StoaException if its files cannot be read, do not belong together, or the key can be read by others
     */
    public static LocalAuthority open(Path folder, InstantSource clock) {
        Path certificate = certificateFile(folder);
        Path key = folder.resolve("ca.key");
        try {
            if (Files.exists(certificate)) {
                LocalAuthority present = new LocalAuthority(existing(certificate, key), certificate, clock);
                if (present.authority.expiresAt().isAfter(clock.instant().plus(LIFE))) {
                    return present;
                }
            }
            CertificateChain made = newAuthority(clock.instant());
            Files.createDirectories(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            // The key first: without its certificate it is nothing, and is made anew.
            write(key, made.keyPem());
            write(certificate, made.chainPem());
            return new LocalAuthority(made, certificate, clock);
        } catch (IOException e) {
            throw new StoaException(
                    ErrorCode.INTERNAL,
                    "cannot use the local certificate authority in %s: %s".formatted(folder, e),
                    "the platform's user needs to read and write it",
                    e);
        }
    }

    private static CertificateChain existing(Path certificate, Path key) throws IOException {
        if (!Files.exists(key)) {
            throw new StoaException(
                    ErrorCode.INTERNAL,
                    "the local certificate authority %s has lost its key %s".formatted(certificate, key),
                    "put the key back, or delete the certificate: then a new authority is made, which clients have to trust anew");
        }
        String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(key));
        if (!mode.endsWith("------")) {
            throw new StoaException(
                    ErrorCode.INTERNAL,
                    "the key of the local certificate authority %s can be read by others (%s)".formatted(key, mode),
                    "chmod 600 " + key);
        }
        try {
            return CertificateChain.parse(Files.readString(certificate), Files.readString(key));
        } catch (StoaException e) {
            throw new StoaException(
                    ErrorCode.INTERNAL,
                    "the local certificate authority in %s is damaged: %s"
                            .formatted(certificate.getParent(), e.message()),
                    "put its files back, or delete both: then a new authority is made, which clients have to trust anew",
                    e);
        }
    }

    private static void write(Path file, String text) throws IOException {
        // Files of this kind are made for the owner alone.
        Path draft = Files.createTempFile(file.getParent(), file.getFileName().toString(), ".new");
        Files.writeString(draft, text);
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** The file of the certificate that clients can trust. */
    public Path file() {
        return certificateFile;
    }

    public String certificatePem() {
        return authority.chainPem();
    }

    public String fingerprint() {
        return authority.fingerprint();
    }

    /** @param names of hosts, wildcards and addresses; the first is the one that people see */
    public CertificateChain issue(List<String> names) {
        Instant now = clock.instant();
        KeyPair pair = newKey();
        X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                authority.leaf().getSubjectX500Principal(),
                serial(),
                Date.from(now.minus(BEFORE)),
                Date.from(now.plus(LIFE)),
                new X500Principal("O=Stoa local"),
                pair.getPublic());
        GeneralName[] hosts = names.stream()
                .map(name -> new GeneralName(isAddress(name) ? GeneralName.iPAddress : GeneralName.dNSName, name))
                .toArray(GeneralName[]::new);
        try {
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
            builder.addExtension(
                    Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
            builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(hosts));
            builder.addExtension(
                    Extension.authorityKeyIdentifier,
                    false,
                    new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(authority.leaf()));
            return new CertificateChain(List.of(signed(builder, authority.key())), pair.getPrivate());
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException("this JVM cannot make certificates", e);
        }
    }

    private static boolean isAddress(String name) {
        return name.contains(":") || ADDRESS.matcher(name).matches();
    }

    private static CertificateChain newAuthority(Instant now) {
        KeyPair pair = newKey();
        X500Name name = new X500Name("CN=Stoa local authority %s,O=Stoa"
                .formatted(serial().toString(36).substring(0, 6)));
        X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                name,
                serial(),
                Date.from(now.minus(BEFORE)),
                Date.from(now.plus(AUTHORITY_LIFE)),
                name,
                pair.getPublic());
        try {
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            builder.addExtension(
                    Extension.subjectKeyIdentifier,
                    false,
                    new JcaX509ExtensionUtils().createSubjectKeyIdentifier(pair.getPublic()));
            return new CertificateChain(List.of(signed(builder, pair.getPrivate())), pair.getPrivate());
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException("this JVM cannot make certificates", e);
        }
    }

    private static X509Certificate signed(X509v3CertificateBuilder builder, PrivateKey key)
            throws GeneralSecurityException {
        try {
            return new JcaX509CertificateConverter()
                    .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(key)));
        } catch (OperatorCreationException e) {
            throw new GeneralSecurityException(e);
        }
    }

    private static BigInteger serial() {
        return new BigInteger(SERIAL_BITS, RANDOM).setBit(SERIAL_BITS - 1);
    }

    static KeyPair newKey() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"), RANDOM);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JVM has no EC keys", e);
        }
    }
}
