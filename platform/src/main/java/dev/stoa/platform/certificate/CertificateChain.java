package dev.stoa.platform.certificate;

import dev.stoa.api.DomainName;
import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/**
 * A certificate that a server can show, with what proves that it is its own.
 *
 * @param certificates the server's own first, then those of its issuers, each signed by the next
 * @param key          of the first
 */
public record CertificateChain(List<X509Certificate> certificates, PrivateKey key) {
    /** Beyond what any authority gives, and little enough for every handshake. */
    private static final int CERTIFICATES_MAX = 10;

    private static final int TEXT_CHARS_MAX = 256 * 1024;
    private static final int RSA_BITS_MIN = 2048;
    private static final int DNS_NAME = 2;

    public CertificateChain {
        certificates = List.copyOf(certificates);
        if (certificates.isEmpty()) {
            throw new IllegalArgumentException("no certificate");
        }
    }

    /**
     * Reads both from PEM, and checks that they belong together.
     *
     * @throws StoaException if they do not, or cannot be read, or browsers would not take them
     */
    public static CertificateChain parse(String chainPem, String keyPem) {
        if (chainPem.length() > TEXT_CHARS_MAX || keyPem.length() > TEXT_CHARS_MAX) {
            throw bad(
                    "the file is larger than %d KB".formatted(TEXT_CHARS_MAX / 1024),
                    "it needs no more than the host's certificate and those between it and the root");
        }
        CertificateChain chain = new CertificateChain(Pem.certificates(chainPem), Pem.key(keyPem));
        chain.check();
        return chain;
    }

    /** The certificates as text. */
    public String chainPem() {
        return Pem.written(certificates);
    }

    /** The key as text. */
    public String keyPem() {
        return Pem.written(key);
    }

    public X509Certificate leaf() {
        return certificates.getFirst();
    }

    public Instant expiresAt() {
        return leaf().getNotAfter().toInstant();
    }

    /** The names of hosts that it is for, lower case, such as {@code *.example.com}. */
    public List<String> names() {
        return names(leaf());
    }

    /** @param host may be a wildcard itself, which only the same one covers */
    public boolean covers(String host) {
        int dot = host.indexOf('.');
        String wildcard = dot < 0 || host.startsWith("*") ? host : "*" + host.substring(dot);
        return names().stream().anyMatch(name -> name.equals(host) || name.equals(wildcard));
    }

    /** @throws StoaException if it is not for the host, or not for now */
    public void requireGood(String host, Instant now) {
        if (names().isEmpty()) {
            throw bad(
                    "the certificate names no host in its subject alternative names, and clients look nowhere else",
                    "make one with: openssl req -x509 … -addext subjectAltName=DNS:" + host);
        }
        if (!covers(host)) {
            throw bad(
                    "the certificate is not for %s: it is for %s".formatted(host, String.join(", ", names())),
                    names().stream().anyMatch(name -> name.startsWith("*.") && host.endsWith(name.substring(1)))
                            ? "a wildcard covers one label only: *.example.com covers shop.example.com, not a.shop.example.com"
                            : "stoa certs add " + names().getFirst() + " …   adds it for the host it is for");
        }
        for (X509Certificate certificate : certificates) {
            String which =
                    certificate.equals(leaf()) ? "the certificate" : "the issuer's certificate " + name(certificate);
            if (certificate.getNotAfter().toInstant().isBefore(now)) {
                throw bad(
                        "%s expired at %s"
                                .formatted(which, certificate.getNotAfter().toInstant()),
                        "ask its authority for a new one");
            }
            if (certificate.getNotBefore().toInstant().isAfter(now)) {
                throw bad(
                        "%s is not valid before %s"
                                .formatted(which, certificate.getNotBefore().toInstant()),
                        "add it then; or this machine's clock is wrong: it says " + now);
            }
        }
    }

    private void check() {
        if (certificates.size() > CERTIFICATES_MAX) {
            throw bad(
                    "the chain has %d certificates, more than %d".formatted(certificates.size(), CERTIFICATES_MAX),
                    "it needs the host's certificate and those between it and the root");
        }
        checkStrength(leaf().getPublicKey());
        if (!fits(leaf())) {
            Optional<X509Certificate> other =
                    certificates.stream().filter(this::fits).findFirst();
            throw other.isPresent()
                    ? wrongOrder("the key is that of %s, which is not the first".formatted(name(other.get())))
                    : bad(
                            "the key is not the one of the certificate of %s".formatted(name(leaf())),
                            "openssl x509 -noout -pubkey -in chain.pem   and   openssl pkey -pubout -in key.pem   have to print the same");
        }
        for (int i = 0; i + 1 < certificates.size(); i++) {
            X509Certificate one = certificates.get(i);
            X509Certificate next = certificates.get(i + 1);
            if (!signedBy(one, next)) {
                throw wrongOrder("%s is followed by %s, which did not issue it".formatted(name(one), name(next)));
            }
        }
    }

    private static void checkStrength(PublicKey key) {
        switch (key) {
            case RSAPublicKey rsa
            when rsa.getModulus().bitLength() < RSA_BITS_MIN ->
                throw bad(
                        "the key has %d bits, and clients take RSA keys from %d on"
                                .formatted(rsa.getModulus().bitLength(), RSA_BITS_MIN),
                        "ask for a certificate of a stronger key");
            case RSAPublicKey _, ECPublicKey _ -> {
                // What clients take.
            }
            default ->
                throw bad(
                        "the certificate is for a key that is neither RSA nor EC, which browsers do not take",
                        "ask for one of an EC key on P-256");
        }
    }

    private boolean fits(X509Certificate certificate) {
        String algorithm = key.getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA";
        try {
            byte[] probe = certificate.getSerialNumber().toByteArray();
            Signature signing = Signature.getInstance(algorithm);
            signing.initSign(key);
            signing.update(probe);
            byte[] signature = signing.sign();
            Signature checking = Signature.getInstance(algorithm);
            checking.initVerify(certificate.getPublicKey());
            checking.update(probe);
            return checking.verify(signature);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static boolean signedBy(X509Certificate one, X509Certificate issuer) {
        try {
            one.verify(issuer.getPublicKey());
            return one.getIssuerX500Principal().equals(issuer.getSubjectX500Principal());
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static StoaException wrongOrder(String what) {
        return bad(
                "the chain is not in order: " + what,
                "first the host's own certificate, then its issuer's, then that one's:   cat host.pem intermediate.pem > chain.pem");
    }

    private static List<String> names(X509Certificate certificate) {
        try {
            Collection<List<?>> entries = certificate.getSubjectAlternativeNames();
            List<String> names = new ArrayList<>();
            if (entries != null) {
                for (List<?> entry : entries) {
                    if (entry.get(0).equals(DNS_NAME)) {
                        names.add(DomainName.ascii((String) entry.get(1)));
                    }
                }
            }
            return names;
        } catch (CertificateParsingException e) {
            throw bad(
                    "the names in the certificate cannot be read: " + e.getMessage(),
                    "ask its authority for a new one");
        }
    }

    private static String name(X509Certificate certificate) {
        List<String> names = names(certificate);
        return names.isEmpty() ? name(certificate.getSubjectX500Principal().getName()) : names.getFirst();
    }

    /** The common name, or what comes next to it. */
    static String name(String distinguished) {
        try {
            List<Rdn> parts = new LdapName(distinguished).getRdns();
            for (String type : List.of("CN", "O")) {
                for (Rdn part : parts) {
                    if (part.getType().equalsIgnoreCase(type)) {
                        return part.getValue().toString();
                    }
                }
            }
        } catch (InvalidNameException e) {
            // Then all of it.
        }
        return distinguished;
    }

    private static StoaException bad(String message, String hint) {
        return new StoaException(ErrorCode.BAD_CERTIFICATE, message, hint);
    }

    /** Says nothing of the key. */
    @Override
    public String toString() {
        return "CertificateChain[%s, until %s]".formatted(names(), expiresAt());
    }

    /** The SHA-256 of the first certificate, as tools print it. */
    public String fingerprint() {
        return fingerprint(leaf());
    }

    static String fingerprint(X509Certificate certificate) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
            return HexFormat.ofDelimiter(":").withUpperCase().formatHex(digest);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
