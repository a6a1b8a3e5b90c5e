package dev.stoa.platform.bucket;

import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/** A document of S3's on its way out, and those of clients. */
final class Xml {
    private static final String NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";
    private static final int DEPTH_MAX = 10;

    private final StringBuilder text = new StringBuilder("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");

    /** @param text of the element itself, without that of those in it */
    record Element(String name, String text, List<Element> children) {
        Element {
            children = List.copyOf(children);
        }

        List<Element> all(String child) {
            return children.stream().filter(each -> each.name().equals(child)).toList();
        }

        Optional<String> text(String child) {
            return all(child).stream().map(Element::text).findFirst();
        }
    }

    static Xml root(String name) {
        return new Xml().raw("<" + name + " xmlns=\"" + NAMESPACE + "\">");
    }

    /** Errors are in no namespace. */
    static Xml bare(String name) {
        return new Xml().open(name);
    }

    Xml open(String name) {
        return raw("<" + name + ">");
    }

    Xml close(String name) {
        return raw("</" + name + ">");
    }

    Xml leaf(String name, String value) {
        return open(name).escaped(value).close(name);
    }

    Xml leaf(String name, long value) {
        return leaf(name, Long.toString(value));
    }

    Xml leaf(String name, boolean value) {
        return leaf(name, Boolean.toString(value));
    }

    Xml leaf(String name, Instant value) {
        return leaf(name, value.truncatedTo(ChronoUnit.MILLIS).toString());
    }

    private Xml raw(String markup) {
        text.append(markup);
        return this;
    }

    /** Characters that XML 1.0 does not have are written as S3 does it: as if it had them. */
    private Xml escaped(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '&' -> text.append("&amp;");
                case '<' -> text.append("&lt;");
                case '>' -> text.append("&gt;");
                case '"' -> text.append("&quot;");
                default -> {
                    if (c < ' ' || c == 0xfffe || c == 0xffff) {
                        text.append("&#x").append(Integer.toHexString(c)).append(';');
                    } else {
                        text.append(c);
                    }
                }
            }
        }
        return this;
    }

    byte[] bytes() {
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** @throws S3Exception MalformedXML */
    static Element parse(byte[] document) {
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        factory.setProperty(XMLInputFactory.IS_COALESCING, true);
        try {
            XMLStreamReader reader =
                    factory.createXMLStreamReader(new StringReader(new String(document, StandardCharsets.UTF_8)));
            while (reader.next() != XMLStreamConstants.START_ELEMENT) {
                // What stands before the first element says nothing.
            }
            return element(reader, 0);
        } catch (XMLStreamException | RuntimeException e) {
            throw new S3Exception(S3Code.MalformedXML, "The body is not the XML that is expected here.");
        }
    }

    private static Element element(XMLStreamReader reader, int depth) throws XMLStreamException {
        if (depth > DEPTH_MAX) {
            throw new XMLStreamException("too deep");
        }
        String name = reader.getLocalName();
        StringBuilder own = new StringBuilder();
        List<Element> children = new ArrayList<>();
        while (true) {
            switch (reader.next()) {
                case XMLStreamConstants.START_ELEMENT -> children.add(element(reader, depth + 1));
                case XMLStreamConstants.END_ELEMENT -> {
                    return new Element(name, own.toString(), children);
                }
                case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA -> own.append(reader.getText());
                default -> {
                    // Comments and the like.
                }
            }
        }
    }
}
