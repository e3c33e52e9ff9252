package shop;

/** What the jars of the class path may provide. */
public interface Export {
  String form();

  String write(String name, int pieces) throws Exception;
}
