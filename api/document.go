package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
)

// version is that of the API, not of the program: it changes when a client has to.
const version = "1.0.0"

// huma keeps its error constructors and its casing in variables of its package; this is its one use here.
func init() {
	huma.NewError = validationProblem
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		err := validationProblem(status, message, errs...)
		if p, ok := err.(*Problem); ok && ctx != nil {
			p.Instance = "urn:uuid:" + requestID(ctx.Context())
		}
		return err
	}
	huma.ValidateStrictCasing = true
}

// document is the OpenAPI document before the routes add themselves to it.
func document() huma.Config {
	registry := huma.NewMapRegistry("#/components/schemas/", schemaName)
	registry.RegisterTypeAlias(reflect.TypeFor[uuid.UUID](), reflect.TypeFor[uuidText]())
	config := huma.DefaultConfig("Docket", version)
	config.Info.Description = "Incident response and legal duties: cases, the duties they create, the notices that meet them, and the proof. " +
		"A refusal is a problem document (RFC 9457) with a stable code; a conflict names its blockers and has changed nothing. Times are RFC 3339 with an offset."
	config.Components = &huma.Components{
		Schemas: registry,
		SecuritySchemes: map[string]*huma.SecurityScheme{
			"token": {Type: "http", Scheme: "bearer", BearerFormat: "dkt_prefix_secret", Description: "API token with scopes. Every operation names its row of the permission table in x-docket-actions."},
		},
	}
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	// The hooks would add $schema links to every answer.
	config.CreateHooks = nil
	config.Formats = map[string]huma.Format{jsonType: jsonFormat, "json": jsonFormat}
	config.RejectUnknownQueryParameters = true
	return config
}

// schemaName tells apart the types of one name in different packages: incident.State is IncidentState.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	room := path.Base(t.PkgPath())
	if t.Name() == "" || strings.Contains(t.Name(), "[") || room == "desk" || room == "api" || room == "." {
		return name
	}
	return strings.ToUpper(room[:1]) + room[1:] + name
}

// uuidText says of uuid.UUID what its bytes do not: it is written as text.
type uuidText struct{}

// Schema implements huma.SchemaProvider.
func (uuidText) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "uuid"}
}

// serveDocument serves the OpenAPI document, to anybody: it says nothing that the source does not.
func (s *surface) serveDocument() {
	asJSON, err := json.Marshal(s.huma.OpenAPI())
	if err != nil {
		panic(fmt.Sprintf("cannot encode the OpenAPI document: %v", err))
	}
	asYAML, err := s.huma.OpenAPI().YAML()
	if err != nil {
		panic(fmt.Sprintf("cannot encode the OpenAPI document: %v", err))
	}
	s.engine.GET("/openapi.json", func(c *gin.Context) { c.Data(http.StatusOK, "application/openapi+json", asJSON) })
	s.engine.GET("/openapi.yaml", func(c *gin.Context) { c.Data(http.StatusOK, "application/openapi+yaml", asYAML) })
}
