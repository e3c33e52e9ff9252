from xml.dom import minidom

MIME = "application/xml"


def write(rows):
    document = minidom.Document()
    top = document.appendChild(document.createElement("goods"))
    for name, pieces in rows:
        item = top.appendChild(document.createElement("item"))
        item.setAttribute("name", name)
        item.setAttribute("pieces", str(pieces))
    return document.documentElement.toxml()
