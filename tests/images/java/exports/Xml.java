package exports;

import java.io.StringWriter;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.OutputKeys;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;

public final class Xml implements shop.Export {
  public String form() {
    return "xml";
  }

  public String write(String name, int pieces) throws Exception {
    var document = DocumentBuilderFactory.newInstance().newDocumentBuilder().newDocument();
    var item = document.createElement("item");
    item.setAttribute("pieces", Integer.toString(pieces));
    item.setTextContent(name);
    document.appendChild(item);
    var transformer = TransformerFactory.newInstance().newTransformer();
    transformer.setOutputProperty(OutputKeys.OMIT_XML_DECLARATION, "yes");
    var out = new StringWriter();
    transformer.transform(new DOMSource(document), new StreamResult(out));
    return out.toString();
  }
}
