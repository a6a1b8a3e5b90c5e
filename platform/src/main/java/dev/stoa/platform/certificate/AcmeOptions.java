package dev.stoa.platform.certificate;

import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Who gives certificates by ACME (RFC 8555).
 *
 * @param directory   the address of the authority's directory
 * @param email       where the authority can write to
 * @param authorities a file of certificates in PEM form that the directory's own is to be trusted by, beyond those that
 *     Java trusts
 * @param binding     to an account that there is at the authority; absent: it wants none
 */
public record AcmeOptions(
        URI directory, Optional<String> email, Optional<Path> authorities, Optional<AcmeBinding> binding) {
    /** Who is asked where only an email address is given. */
    public static final URI LETS_ENCRYPT = URI.create("https://acme-v02.api.letsencrypt.org/directory");
}
