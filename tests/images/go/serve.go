// A small shop: files of /srv/pages, and functions below /do/.
package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"strings"
	"syscall"
	"time"
)

type settings struct{ Greeting, Listen string }

func readSettings() (settings, error) {
	path := os.Getenv("SHOP_SETTINGS")
	if path == "" {
		path = "/etc/shop/settings.json"
	}
	var read settings
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &read)
	}
	return read, err
}

func greeting(string) (string, error) {
	read, err := readSettings()
	return read.Greeting, err
}

func when(zone string) (string, error) {
	place, err := time.LoadLocation(zone)
	if err != nil {
		return "", err
	}
	return time.Unix(1719835200, 0).In(place).Format("2006-01-02 15:04 MST"), nil
}

func local(string) (string, error) { return time.Unix(1719835200, 0).Format("15:04 MST"), nil }

func page(string) (string, error) {
	read, err := template.ParseGlob("/srv/templates/*.html")
	if err != nil {
		return "", err
	}
	var out strings.Builder
	err = read.ExecuteTemplate(&out, "page", []string{"pears", "apples & plums"})
	return out.String(), err
}

func who(string) (string, error) {
	current, err := user.Current()
	if err != nil {
		return "", err
	}
	found, err := user.Lookup("shop")
	if err != nil {
		return "", err
	}
	addresses, err := net.LookupHost("localhost")
	return fmt.Sprintf("%s %s %v", current.Username, found.Name, len(addresses) > 0), err
}

func temporary(string) (string, error) {
	file, err := os.CreateTemp("", "shop")
	if err != nil {
		return "", err
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString("kept")
	return file.Name()[:5], err
}

func run(string) (string, error) {
	_, err := exec.LookPath("sh")
	return fmt.Sprint("no shell: ", errors.Is(err, exec.ErrNotFound)), nil
}

func pack(text string) (string, error) {
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	io.WriteString(writer, text)
	writer.Close()
	reader, err := gzip.NewReader(&packed)
	if err != nil {
		return "", err
	}
	again, err := io.ReadAll(reader)
	return string(again), err
}

// A conversation over TLS with a server that the system's trust store vouches for.
func secure(string) (string, error) {
	own, err := tls.LoadX509KeyPair("/srv/tls/cert.pem", "/srv/tls/key.pem")
	if err != nil {
		return "", err
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{own}})
	if err != nil {
		return "", err
	}
	defer listener.Close()
	go http.Serve(listener, http.FileServer(http.Dir("/srv/pages")))
	port := listener.Addr().(*net.TCPAddr).Port
	answer, err := http.Get(fmt.Sprintf("https://localhost:%d/data.json", port))
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return strings.TrimSpace(string(text)), err
}

var functions = map[string]func(string) (string, error){"greeting": greeting, "when": when, "local": local, "page": page,
	"who": who, "temporary": temporary, "run": run, "pack": pack, "secure": secure}

func do(response http.ResponseWriter, request *http.Request) {
	name, argument, _ := strings.Cut(strings.TrimPrefix(request.URL.Path, "/do/"), "/")
	function, known := functions[name]
	if !known {
		http.NotFound(response, request)
		return
	}
	text, err := function(argument)
	if err != nil {
		http.Error(response, err.Error(), http.StatusInternalServerError)
		return
	}
	io.WriteString(response, text)
}

func main() {
	read, err := readSettings()
	if err != nil {
		fmt.Fprintln(os.Stderr, "serve:", err)
		os.Exit(3)
	}
	http.HandleFunc("/do/", do)
	http.Handle("/", http.FileServer(http.Dir("/srv/pages")))
	server := &http.Server{Addr: read.Listen}
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	go func() {
		<-stop.Done()
		server.Shutdown(context.Background())
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		panic(err)
	}
	fmt.Println("stopped")
}
