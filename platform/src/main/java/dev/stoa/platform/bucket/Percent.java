package dev.stoa.platform.bucket;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Percent encoding as S3 signs it: everything but letters, digits and {@code -._~}. */
final class Percent {
    private static final String UNRESERVED = "-._~";
    private static final int HEX = 16;

    private Percent() {}

    static String encode(String text, boolean slashToo) {
        return encode(text.getBytes(StandardCharsets.UTF_8), slashToo);
    }

    static String encode(byte[] bytes, boolean slashToo) {
        StringBuilder encoded = new StringBuilder();
        for (byte each : bytes) {
            char c = (char) (each & 0xff);
            boolean plain = c < 0x80 && (Character.isLetterOrDigit(c) || UNRESERVED.indexOf(c) >= 0);
            if (plain || (c == '/' && !slashToo)) {
                encoded.append(c);
            } else {
                encoded.append('%')
                        .append(Character.toUpperCase(Character.forDigit(c >> 4, HEX)))
                        .append(Character.toUpperCase(Character.forDigit(c & 0xf, HEX)));
            }
        }
        return encoded.toString();
    }

    /** @throws S3Exception InvalidURI if it is not encoded well, or no UTF-8 */
    static String decode(String text, boolean plusIsSpace) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '%') {
                int high = i + 2 < text.length() ? Character.digit(text.charAt(i + 1), HEX) : -1;
                int low = i + 2 < text.length() ? Character.digit(text.charAt(i + 2), HEX) : -1;
                if (high < 0 || low < 0) {
                    throw invalid();
                }
                bytes.write(high << 4 | low);
                i += 2;
            } else if (c == '+' && plusIsSpace) {
                bytes.write(' ');
            } else if (c < 0x80) {
                bytes.write(c);
            } else {
                bytes.writeBytes(String.valueOf(c).getBytes(StandardCharsets.UTF_8));
            }
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.toByteArray()))
                    .toString();
        } catch (CharacterCodingException e) {
            throw invalid();
        }
    }

    private static S3Exception invalid() {
        return new S3Exception(S3Code.InvalidURI, "The path or query is not UTF-8 in percent encoding.");
    }
}
