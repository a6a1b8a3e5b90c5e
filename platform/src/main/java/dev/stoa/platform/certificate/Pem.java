package dev.stoa.platform.certificate;

import dev.stoa.api.ErrorCode;
import dev.stoa.api.StoaException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;

/** Certificates and keys as text (RFC 7468), and back. */
final class Pem {
    private static final int BYTES_PER_LINE = 64;

    private static final Pattern CERTIFICATE = Pattern.compile(
            "-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----([^-]*)-----END (?:X509 |TRUSTED )?CERTIFICATE-----");

    /** {@code openssl ecparam -genkey} writes the curve before the key; it is in the key as well. */
    private static final Pattern EC_PARAMETERS =
            Pattern.compile("-----BEGIN EC PARAMETERS-----[^-]*-----END EC PARAMETERS-----");

    private static final String RSA = "1.2.840.113549.1.1.1";
    private static final String EC = "1.2.840.10045.2.1";

    private Pem() {}

    static String written(String label, byte[] bytes) {
        return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
                .formatted(
                        label,
                        Base64.getMimeEncoder(BYTES_PER_LINE, new byte[] {'\n'}).encodeToString(bytes),
                        label);
    }

    static String written(Key key) {
        return written("PRIVATE KEY", key.getEncoded());
    }

    static String written(List<X509Certificate> chain) {
        StringBuilder text = new StringBuilder();
        for (X509Certificate certificate : chain) {
            try {
                text.append(written("CERTIFICATE", certificate.getEncoded()));
            } catch (CertificateException e) {
                throw new IllegalStateException(e);
            }
        }
        return text.toString();
    }

    /** In the order in which they stand there; what is around them is passed over. */
    static List<X509Certificate> certificates(String text) {
        List<X509Certificate> chain = new ArrayList<>();
        Matcher block = CERTIFICATE.matcher(text);
        while (block.find()) {
            try {
                byte[] bytes = Base64.getMimeDecoder().decode(block.group(1));
                chain.add((X509Certificate)
                        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(bytes)));
            } catch (CertificateException | IllegalArgumentException e) {
                throw bad(
                        "certificate %d of the chain cannot be read: it is damaged or cut short"
                                .formatted(chain.size() + 1),
                        "compare it with the file that the authority gave you");
            }
        }
        if (chain.isEmpty()) {
            if (text.contains("BEGIN CERTIFICATE")) {
                throw bad(
                        "the chain cannot be read: its first certificate is damaged or cut short",
                        "compare it with the file that the authority gave you");
            }
            throw bad(
                    "the chain holds no certificate: there is no line -----BEGIN CERTIFICATE-----",
                    text.contains("PRIVATE KEY-----")
                            ? "that is the file of the key; --cert names the certificates, --key the key"
                            : "--cert names a file in PEM form; from DER: openssl x509 -inform der -in cert.der -out cert.pem");
        }
        return chain;
    }

    /** In the forms of PKCS#8, PKCS#1 (RSA) and SEC1 (EC). */
    static PrivateKey key(String text) {
        try (PEMParser parser =
                new PEMParser(new StringReader(EC_PARAMETERS.matcher(text).replaceAll("")))) {
            for (Object found = parser.readObject(); found != null; found = parser.readObject()) {
                switch (found) {
                    case PrivateKeyInfo info -> {
                        return key(info);
                    }
                    case PEMKeyPair pair -> {
                        return key(pair.getPrivateKeyInfo());
                    }
                    case PEMEncryptedKeyPair _ -> throw encrypted();
                    case PKCS8EncryptedPrivateKeyInfo _ -> throw encrypted();
                    default -> {
                        // Such as a certificate that stands in the same file.
                    }
                }
            }
        } catch (IOException | IllegalArgumentException e) {
            throw bad("the key cannot be read: it is damaged or cut short", "compare it with the file you made");
        }
        throw bad(
                "there is no private key: no line -----BEGIN PRIVATE KEY-----",
                text.contains("BEGIN CERTIFICATE")
                        ? "that is the file of the certificates; --cert names them, --key the key"
                        : "--key names a file in PEM form; from DER: openssl pkey -inform der -in key.der -out key.pem");
    }

    private static PrivateKey key(PrivateKeyInfo info) throws IOException {
        String algorithm = switch (info.getPrivateKeyAlgorithm().getAlgorithm().getId()) {
            case RSA -> "RSA";
            case EC -> "EC";
            default ->
                throw bad(
                        "the key is neither an RSA nor an EC key, which are the ones that browsers know",
                        "make one: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem");
        };
        try {
            return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(info.getEncoded()));
        } catch (GeneralSecurityException e) {
            throw bad(
                    "the %s key is of a kind that is not taken".formatted(algorithm),
                    "RSA with 2048 bits and more, EC on P-256, P-384 and P-521 are");
        }
    }

    private static StoaException encrypted() {
        return bad(
                "the key is encrypted, and the platform has to use it without asking anybody",
                "openssl pkey -in key.pem -out plain.pem   (the platform seals it in its store)");
    }

    private static StoaException bad(String message, String hint) {
        return new StoaException(ErrorCode.BAD_CERTIFICATE, message, hint);
    }
}
